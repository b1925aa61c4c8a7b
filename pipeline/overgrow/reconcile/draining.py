"""A deployment's drain: the wait of drain.py on its real systems."""

from __future__ import annotations

from typing import Any

import psycopg

from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.model import Part
from overgrow.reconcile import checkpoints
from overgrow.reconcile.checkpoints import Checkpoint
from overgrow.reconcile.drain import Drain
from overgrow.reconcile.failures import naming
from overgrow.reconcile.ports import Say
from overgrow.sources.postgres import PostgresSource


def drain_of(
    deployment: Deployment,
    source: PostgresSource,
    target: psycopg.Connection[Any],
    connect: Connect,
    *,
    purpose: str,
    patience: float,
    say: Say,
) -> Drain:
    """`purpose` is the last word of the mark that it leaves in the source's log."""
    topics = Topics(deployment.bootstrap)

    def applied() -> dict[Part, Checkpoint]:
        with naming("target"):
            return checkpoints.read(target, deployment.pipeline)

    return Drain(
        source=source,
        connect=connect,
        ends=lambda: topics.ends(deployment.plans),
        applied=applied,
        connector=deployment.connector.name,
        prefix=f"overgrow.{deployment.pipeline}.{purpose}",
        patience=patience,
        say=say,
    )
