"""Are these the systems the checkpoints were made for? Offsets and positions of others compare with nothing.

Called by `verify` before it waits for anything.
"""

from __future__ import annotations

from typing import Any

import psycopg

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics
from overgrow.sinks.postgres import install
from overgrow.sources.postgres import Identity


def check(deployment: Deployment, source: Identity, target: psycopg.Connection[Any], topics: Topics) -> None:
    """Raise by name what does not belong together."""
    if install.installed_version(target) is None:
        raise errors.ConfigurationError("the target has none of overgrow's own tables; next: `overgrow apply`")
    known = install.pipeline_source(target, deployment.pipeline)
    if known is None:
        raise errors.ConfigurationError(f"the target knows no pipeline {deployment.pipeline}; next: `overgrow apply`")
    if known != (source.system_identifier, source.timeline):
        raise errors.IdentityChanged(
            f"pipeline {deployment.pipeline} belongs to source system {known[0]}, timeline {known[1]}; the source is "
            f"system {source.system_identifier}, timeline {source.timeline}"
        )
    live = topics.describe(deployment.tables)
    for topic, table in deployment.tables.items():
        _mapping(deployment, target, topic)
        for partition, (topic_id, count) in install.checkpoints(target, deployment.pipeline, topic).items():
            seen = live.get(topic)
            if seen is None or (topic_id, count) != (seen.topic_id, seen.partitions):
                shown = "is gone" if seen is None else f"has id {seen.topic_id} and {seen.partitions} partitions"
                raise errors.IdentityChanged(
                    f"topic {table.topic} {shown}; the checkpoint of partition {partition} was made for id {topic_id} "
                    f"and {count} partitions"
                )


def _mapping(deployment: Deployment, target: psycopg.Connection[Any], topic: str) -> None:
    table, plan = deployment.tables[topic], deployment.plans[topic]
    recorded = install.recorded_digest(target, table)
    if recorded is None:
        raise errors.ConfigurationError(f"mapping {plan.mapping} was never applied; next: `overgrow apply`")
    if recorded != (plan.version, plan.digest):
        raise errors.ConfigurationError(
            f"{plan.file}: mapping {plan.mapping} is not the one that was applied (version {recorded[0]}): a "
            "comparison would call the change a difference; next: `overgrow plan`"
        )
