"""What the engine decided about a chunk: ordered steps for the sink, letters, and the part of the books it knows.

A batch is plain data. Rows are tuples, not objects: at 20,000 rows a second and core they are the hot path.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from overgrow.model import Chunk, Letter, Part

# (source key, offset, floor, xid, index in the chunk, COPY line). floor: the highest position (lsn) its key has seen
# in this chunk, for a streamed event its own; xid None = a snapshot read. For a delete, COPY line = the target key.
Row = tuple[str, int, int | None, int | None, int, str]


class Books(NamedTuple):
    """Source records by fate; balanced when `received` is the sum of the others."""

    received: int = 0
    applied: int = 0
    superseded: int = 0
    filtered: int = 0
    set_aside: int = 0
    ignored: int = 0

    def plus(self, other: Books) -> Books:
        """Both together."""
        return Books(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def balance(self) -> int:
        """Zero when the books balance."""
        return self.received - (self.applied + self.superseded + self.filtered + self.set_aside + self.ignored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One guarded write, in order. Each source key stands at most once in a step.

    upsert: `rows` replace whole rows. patch: only `columns` are written, and only over an existing row.
    delete / filter: the key's row goes and a tombstone stays (`filter`: the row left the mapping's filter).
    `target`: which of the mapping's targets, 0 the first; the books count what happens to the first.
    """

    kind: Literal["upsert", "patch", "delete", "filter"]
    rows: list[Row]
    columns: tuple[str, ...] = ()
    target: int = 0


class Truncate(NamedTuple):
    """A TRUNCATE of the source table: a batch of its own, for it concerns every partition."""

    offset: int
    lsn: int
    xid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A folded chunk (or the part of it from `start` to `next`), ready for one target transaction.

    `books` holds what needs no look at the target: received, ignored, and superseded within the batch.
    `position` is the highest streamed lsn, None if the batch holds only reads. `first_read`: the offset of a record
    that opens a snapshot of the table.
    """

    chunk: Chunk
    start: int
    next: int
    steps: tuple[Step, ...]
    letters: tuple[Letter, ...]
    books: Books
    position: int | None = None
    reads: int = 0
    first_read: int | None = None
    truncate: Truncate | None = None
    stale_letters: frozenset[int] = field(default=frozenset())  # offsets of letters a later event here supersedes

    @property
    def part(self) -> Part:
        """The partition."""
        return self.chunk.part
