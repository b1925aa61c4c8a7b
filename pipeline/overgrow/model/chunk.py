"""A contiguous slice of one partition's log, as a host hands it to the engine.

Columnar on purpose: four sequences, no object per record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

Headers = Sequence[tuple[str, bytes | None]]


class Part(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]"


class Claim(NamedTuple):
    """The token under which a chunk was fetched; the checkpoint row must still hold it when the chunk is written."""

    number: int
    owner: str


class Record(NamedTuple):
    """One raw record, for dead letters."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Records of one partition between two *fetch positions*.

    `start` and `next` are positions, not record offsets: control batches and compaction leave holes, and a position
    that moved without records is a chunk too. `offsets`, `keys`, `values`, `headers` have equal length, offsets rise,
    `start <= offsets[0]`, `offsets[-1] < next`.
    """

    part: Part
    start: int
    next: int
    offsets: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    headers: Sequence[Headers]

    def record(self, index: int) -> Record:
        """The raw record at `index`."""
        return Record(self.offsets[index], self.keys[index], self.values[index], self.headers[index])
