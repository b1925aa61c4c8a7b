"""What was seen on the live systems, without an opinion. Frozen, pure; filled by `looking`, weighed by `judging`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from overgrow.model import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the project says. `tables`: source table to its replica identity; `partitions`: of each topic.

    `constraints`: target table to the names it shall hold when the sync is over.
    """

    pipeline: str
    publication: str
    slot: str
    connector: str
    config: Mapping[str, str]
    tables: Mapping[str, str]
    topics: Mapping[str, str]
    partitions: int
    targets: tuple[str, ...]
    constraints: Mapping[str, frozenset[str]]
    own_version: int
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A replication slot. `safe_bytes`: how much more the source may write before it is lost; None without a limit."""

    active: bool
    wal_status: str | None
    invalidation: str | None
    safe_bytes: int | None
    retained_bytes: int | None
    unconfirmed_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """`operations`: what it publishes; `limited`: its tables with a row filter or a list of columns."""

    tables: frozenset[str]
    operations: frozenset[str]
    limited: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The legacy database. `identities`: mapped table to replica identity, None where the table is not there."""

    identity: tuple[int, int]
    wal_level: str
    slots: int
    max_slots: int
    senders: int
    max_senders: int
    slot: Slot | None
    publication: Publication | None
    identities: Mapping[str, str | None]
    clock: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`cause`: the telling lines of a failed task's trace."""

    id: int
    state: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """As Connect shows it; `state` is the connector's own, which says nothing of its tasks."""

    state: str
    cause: str
    tasks: tuple[Task, ...]
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """`lows`, `ends`: partition to first offset that is kept, and to the offset of the next record."""

    id: str
    lows: Mapping[int, int]
    ends: Mapping[int, int]
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kafka:
    """`topics`: those of the mapped tables that there are; `members`: of the workers' group."""

    topics: Mapping[str, Topic]
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far a partition is applied, and of which topic."""

    topic_id: str
    partitions: int
    next_offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The target database. `refusal`: why a row could not be written to it.

    `constraints`: unique and foreign keys by mapped table, its own primary key left out. `source`: the identity the
    pipeline is bound to.
    """

    in_recovery: bool
    read_only: bool
    refusal: str | None
    version: int | None
    source: tuple[int, int] | None
    checkpoints: Mapping[Part, Checkpoint]
    constraints: Mapping[str, tuple[str, ...]]
    clock: float
