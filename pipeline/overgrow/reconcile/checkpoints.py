"""The target's checkpoints, read: how far each partition has been applied, and its books.

Never writes, never claims. Called by `verify` and `status`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import psycopg
from psycopg.rows import dict_row

from overgrow.model import Part, stamp_base


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One partition. `idle_seconds`: since its last commit, by the target's clock."""

    topic: str
    partition: int
    topic_id: str
    partition_count: int
    epoch: int
    generation: int
    next_offset: int
    claim: int
    owner: str
    received: int
    applied: int
    superseded: int
    filtered: int
    set_aside: int
    ignored: int
    idle_seconds: float

    @property
    def part(self) -> Part:
        """Which partition."""
        return Part(self.topic, self.partition)

    @property
    def horizon(self) -> int:
        """The first stamp that nothing applied so far can carry."""
        return stamp_base(epoch=self.epoch, generation=self.generation) + self.next_offset

    @property
    def balanced(self) -> bool:
        """Whether every received record has exactly one fate."""
        return self.received == self.applied + self.superseded + self.filtered + self.set_aside + self.ignored


_COLUMNS = ", ".join(one.name for one in fields(Checkpoint) if one.name != "idle_seconds")
_QUERY = (
    f"SELECT {_COLUMNS}, extract(epoch FROM clock_timestamp() - updated_at)::float8 AS idle_seconds"  # noqa: S608 - own names
    " FROM overgrow.checkpoint WHERE pipeline = %s ORDER BY topic, partition"
)


def read(connection: psycopg.Connection[Any], pipeline: str) -> dict[Part, Checkpoint]:
    """Every checkpoint of a pipeline."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = [Checkpoint(**row) for row in cursor.execute(_QUERY.encode(), [pipeline])]
    return {one.part: one for one in found}
