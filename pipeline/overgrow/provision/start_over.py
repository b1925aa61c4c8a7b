"""The way to a new first snapshot: everything the pipeline has made is removed, but for its tables and its publication.

The mapped target tables are emptied. Stop the workers first: one that still runs loses its checkpoints and stops by
name.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.kafka import own_topics
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.provision import constraints
from overgrow.provision.change import Change
from overgrow.sinks.postgres import install
from overgrow.sources.postgres import connected, session

SLOT_SECONDS = 30.0  # the connector's session may hold its slot for a while after it was deleted


def changes(deployment: Deployment) -> Iterator[Change]:
    """What there is to remove, in order: connector and its offsets, slot, topics, constraints, rows and checkpoints."""
    name, slot = deployment.connector.name, deployment.connector.config["slot.name"]
    application = f"overgrow:{deployment.pipeline}:apply"
    with closing(Connect(deployment.connect_url)) as connect:
        if connect.status(name) is not None:
            yield Change(
                system="connect",
                name=name,
                does="delete the connector and its offsets",
                detail="its next start begins with a snapshot",
                make=partial(_delete_connector, connect, name),
            )
    with connected(deployment.source_dsn, application=application) as source:
        if source.has_slot(slot):
            yield Change(
                system="source",
                name=slot,
                does="drop the replication slot",
                detail="the log it holds is freed",
                make=lambda: _drop_slot(deployment, slot),
            )
    admin = Topics(deployment.bootstrap)
    # The pipeline's own topics too: a new life of the pipeline counts its epochs, and so its coordinates, anew.
    for topic in admin.describe(
        [*deployment.tables, own_topics.dead_letters(deployment.pipeline), own_topics.control(deployment.pipeline)]
    ):
        yield Change(
            system="topics",
            name=topic,
            does="delete the topic",
            detail="with every record in it",
            make=partial(admin.delete, [topic]),
        )
    yield from constraints.removals(deployment)
    with session(deployment.target_dsn, what="target", application=application) as target:
        if install.installed_version(target) is not None:
            tables = list(deployment.tables.values())
            yield Change(
                system="target",
                name=deployment.pipeline,
                does="empty the mapped tables, forget checkpoints, tombstones and dead letters",
                detail=", ".join(table.target for table in tables),
                make=lambda: install.forget(target, deployment.pipeline, tables),
            )


def _delete_connector(connect: Connect, name: str) -> None:
    connect.stop(name)
    connect.forget_offsets(name)
    connect.delete(name)


def _drop_slot(deployment: Deployment, slot: str) -> None:
    until = time.monotonic() + SLOT_SECONDS
    with connected(deployment.source_dsn, application=f"overgrow:{deployment.pipeline}:apply") as source:
        while not source.drop_slot(slot):
            if time.monotonic() > until:
                msg = f"replication slot {slot} is in use by another session; end it, then say it again"
                raise errors.Refused(msg, code="slot-in-use")
            time.sleep(0.2)
