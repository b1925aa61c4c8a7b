"""Generations that the control topic knows and a restored target has forgotten; and what the topic lacks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg

from overgrow.deployment import Deployment
from overgrow.kafka import control
from overgrow.model import GenerationRecord
from overgrow.provision.change import Change
from overgrow.sinks.postgres import generations


def changes(deployment: Deployment, connection: psycopg.Connection[Any]) -> Iterator[Change]:
    """Teach the target, then the topic. An epoch cannot be taught: its checkpoints were others; that is adopted."""
    told = control.read(deployment.bootstrap, deployment.pipeline)
    for topic, table in deployment.tables.items():
        known = {one.order: one for one in generations.recorded(connection, table)}
        epoch = max(known, default=(1, 0))[0]
        for record in told:
            if record.topic != topic or record.order in known:
                continue
            if record.epoch > epoch:
                generations.check_newest(connection, table, told)  # raises
            if record.epoch == epoch:
                yield Change(
                    system="target",
                    name=topic,
                    does="learn a generation that this copy of the target has forgotten",
                    detail=f"epoch {record.epoch}, generation {record.number}; it waits for `overgrow resnapshot`",
                    make=partial(generations.learn, connection, table, record),
                )
    missing = [one for one in _recorded(deployment, connection) if one not in told]
    if missing:
        yield telling(deployment, connection, f"{len(missing)} records")


def telling(deployment: Deployment, connection: psycopg.Connection[Any], detail: str) -> Change:
    """Write to the control topic what the target knows; what it says already is only said again."""

    def make() -> None:
        control.publish(deployment.bootstrap, deployment.pipeline, _recorded(deployment, connection))

    does = "tell the control topic of epochs and generations"
    return Change(system="target", name=deployment.pipeline, does=does, detail=detail, make=make)


def _recorded(deployment: Deployment, connection: psycopg.Connection[Any]) -> list[GenerationRecord]:
    return [one for table in deployment.tables.values() for one in generations.recorded(connection, table)]
