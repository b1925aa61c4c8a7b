"""Are these the systems the checkpoints were made for? Offsets and positions of others compare with nothing.

Called by `verify` before it waits for anything.
"""

from __future__ import annotations

from typing import Any

import psycopg

from overgrow import errors
from overgrow.kafka.admin import Topics
from overgrow.reconcile.ports import Systems
from overgrow.sinks.postgres import install
from overgrow.sources.postgres import Identity


def check(systems: Systems, source: Identity, target: psycopg.Connection[Any], topics: Topics) -> None:
    """Raise by name what does not belong together."""
    if install.installed_version(target) is None:
        raise errors.ConfigurationError("the target has none of overgrow's own tables; next: `overgrow apply`")
    known = install.pipeline_source(target, systems.pipeline)
    if known is None:
        raise errors.ConfigurationError(f"the target knows no pipeline {systems.pipeline}; next: `overgrow apply`")
    if known != (source.system_identifier, source.timeline):
        raise errors.IdentityChanged(
            f"pipeline {systems.pipeline} belongs to source system {known[0]}, timeline {known[1]}; the source is "
            f"system {source.system_identifier}, timeline {source.timeline}"
        )
    live = topics.describe(systems.tables)
    for topic, table in systems.tables.items():
        _mapping(systems, target, topic)
        for partition, (topic_id, count) in install.checkpoints(target, systems.pipeline, topic).items():
            seen = live.get(topic)
            if seen is None or (topic_id, count) != (seen.topic_id, seen.partitions):
                shown = "is gone" if seen is None else f"has id {seen.topic_id} and {seen.partitions} partitions"
                raise errors.IdentityChanged(
                    f"topic {table.topic} {shown}; the checkpoint of partition {partition} was made for id {topic_id} "
                    f"and {count} partitions"
                )


def _mapping(systems: Systems, target: psycopg.Connection[Any], topic: str) -> None:
    table, plan = systems.tables[topic], systems.plans[topic]
    recorded = install.recorded_digest(target, table)
    if recorded is None:
        raise errors.ConfigurationError(f"mapping {plan.mapping} was never applied; next: `overgrow apply`")
    if recorded != (plan.version, plan.digest):
        raise errors.ConfigurationError(
            f"{plan.file}: mapping {plan.mapping} is not the one that was applied (version {recorded[0]}): a "
            "comparison would call the change a difference; next: `overgrow plan`"
        )
