"""Where a pipeline stands: positions, books, letters, connector, slot. Looks, waits for nothing, changes nothing.

Guarantees: a system that does not answer is named, what the others say is still there. Called by `overgrow status`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect, ConnectorStatus
from overgrow.model import Part
from overgrow.reconcile import checkpoints
from overgrow.reconcile.checkpoints import Checkpoint
from overgrow.reconcile.failures import naming
from overgrow.sinks.postgres import install
from overgrow.sources.postgres import connected, session
from overgrow.sources.slot import Slot, read_slot

ANSWER_SECONDS = 5.0  # an operator waits
Seen = TypeVar("Seen")
Letters = Mapping[str, int]
Books = tuple[str, ...]
BOOKS: Books = ("received", "applied", "superseded", "filtered", "set_aside", "ignored")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionStatus:
    """One partition; `end` is None while the brokers do not answer."""

    checkpoint: Checkpoint
    end: int | None

    @property
    def behind(self) -> int | None:
        """Records that wait."""
        return None if self.end is None else max(0, self.end - self.checkpoint.next_offset)

    @property
    def lag_seconds(self) -> float | None:
        """Seconds since the last commit while records wait; 0 where none do."""
        if self.behind is None:
            return None
        return self.checkpoint.idle_seconds if self.behind else 0.0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        one = self.checkpoint
        return {
            "partition": one.partition,
            "next_offset": one.next_offset,
            "end": self.end,
            "behind": self.behind,
            "lag_seconds": None if self.lag_seconds is None else round(self.lag_seconds, 3),
            "idle_seconds": round(one.idle_seconds, 3),
            "claim": one.claim,
            "owner": one.owner or None,
            **{name: getattr(one, name) for name in BOOKS},
            "balanced": one.balanced,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingStatus:
    """One mapping; `letters`: open dead letters by kind; `unrelayed`: letters that the dlq topic does not have yet."""

    mapping: str
    topic: str
    partitions: Sequence[PartitionStatus]
    letters: Letters
    unrelayed: int = 0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "mapping": self.mapping,
            "topic": self.topic,
            "open_letters": dict(self.letters),
            "unrelayed_letters": self.unrelayed,
            "partitions": [one.document() for one in self.partitions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that was seen. `problems`: system to what it did not answer."""

    pipeline: str
    mappings: Sequence[MappingStatus]
    connector: ConnectorStatus | None
    slot: Slot | None
    problems: Mapping[str, errors.ReplicationError]

    @property
    def unreachable(self) -> bool:
        """Whether a system did not answer at all."""
        return any(isinstance(error, errors.UnreachableError) for error in self.problems.values())

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "schema_version": 1,
            "pipeline": self.pipeline,
            "mappings": [one.document() for one in self.mappings],
            "connector": None if self.connector is None else _connector(self.connector),
            "slot": None if self.slot is None else _slot(self.slot),
            "problems": {system: str(error) for system, error in self.problems.items()},
        }


def look(deployment: Deployment) -> Status:
    """One look at every system."""
    problems: dict[str, errors.ReplicationError] = {}
    target = _ask("target", lambda: _target(deployment), problems)
    ends = _ask("kafka", lambda: _ends(deployment), problems) or {}
    found, letters, unrelayed = target or ({}, {}, {})
    mappings = [
        MappingStatus(
            mapping=plan.mapping,
            topic=topic,
            partitions=[
                PartitionStatus(checkpoint=one, end=ends.get(part))
                for part, one in found.items()
                if part.topic == topic
            ],
            letters=letters.get(plan.mapping, {}),
            unrelayed=unrelayed.get(plan.mapping, 0),
        )
        for topic, plan in deployment.plans.items()
    ]
    return Status(
        pipeline=deployment.pipeline,
        mappings=mappings,
        connector=_ask("connect", lambda: _connect(deployment), problems),
        slot=_ask("source", lambda: _source(deployment), problems),
        problems=problems,
    )


def _ask(system: str, question: Callable[[], Seen], problems: dict[str, errors.ReplicationError]) -> Seen | None:
    try:
        return question()
    except errors.ReplicationError as error:
        problems[system] = error
        return None


def _target(deployment: Deployment) -> tuple[dict[Part, Checkpoint], dict[str, dict[str, int]], dict[str, int]]:
    where = session(deployment.target_dsn, what="target", application=_application(deployment))
    with naming("target"), where as connection:
        connection.execute("SET default_transaction_read_only TO on")
        if install.installed_version(connection) is None:
            raise errors.ConfigurationError("the target has none of overgrow's own tables; next: `overgrow apply`")
        rows = connection.execute(
            "SELECT mapping, kind, count(*) FROM overgrow.dead_letter WHERE pipeline = %s AND state = 'open'"
            " GROUP BY mapping, kind ORDER BY mapping, kind",
            [deployment.pipeline],
        )
        letters: dict[str, dict[str, int]] = {}
        for mapping, kind, count in rows:
            letters.setdefault(mapping, {})[kind] = count
        unrelayed = connection.execute(
            "SELECT mapping, count(*) FROM overgrow.dead_letter WHERE pipeline = %s AND relayed_at IS NULL"
            " GROUP BY mapping",
            [deployment.pipeline],
        )
        return checkpoints.read(connection, deployment.pipeline), letters, dict(unrelayed.fetchall())


def _ends(deployment: Deployment) -> dict[Part, int]:
    return Topics(deployment.bootstrap, timeout=ANSWER_SECONDS).ends(deployment.plans)


def _connect(deployment: Deployment) -> ConnectorStatus:
    connect = Connect(deployment.connect_url, busy_seconds=ANSWER_SECONDS, answer_seconds=ANSWER_SECONDS)
    with closing(connect):
        found = connect.status(deployment.connector.name)
    if found is None:
        raise errors.ConfigurationError(f"there is no connector {deployment.connector.name}; next: `overgrow apply`")
    return found


def _source(deployment: Deployment) -> Slot:
    name = deployment.connector.config.get("slot.name", "debezium")
    with naming("source"), connected(deployment.source_dsn, application=_application(deployment)) as source:
        found = read_slot(source.connection, name)
    if found is None:
        raise errors.ConfigurationError(
            f"the source has no replication slot {name}: changes are not kept for the connector until it has made one"
        )
    return found


def _application(deployment: Deployment) -> str:
    return f"overgrow:{deployment.pipeline}:status"


def _connector(one: ConnectorStatus) -> dict[str, Any]:
    tasks = [{"id": task.id, "state": task.state} for task in one.tasks]
    failure = one.failure if one.state == "FAILED" else None
    return {"name": one.name, "state": one.state, "connector": one.connector, "tasks": tasks, "failure": failure}


def _slot(one: Slot) -> dict[str, Any]:
    return {
        "name": one.name,
        "active": one.active,
        "wal_status": one.wal_status,
        "retained_bytes": one.retained_bytes,
        "unconfirmed_bytes": one.unconfirmed_bytes,
    }
