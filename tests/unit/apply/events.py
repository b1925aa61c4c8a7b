"""Short words for events, chunks and folds. Called by the engine's unit tests."""

from __future__ import annotations

from overgrow.apply import Batch, Folder
from overgrow.apply.fold import Poison
from overgrow.model import Chunk
from overgrow.sinks.memory import MemorySink
from tests.model.connector import Record
from tests.model.source import Change, Row
from tests.model.wire import COLUMNS, PARTS, JsonWire, RowCodec, chunk_of, refuses


def image(version: int, *, big: int | None = 0, inside: bool = True, bad: str = "") -> Row:
    """A row image; `big` None: unchanged, not sent."""
    return Row(version, inside, big, bad)


def update(lsn: int, after: Row, *, key: int = 0, xid: int = 1) -> Change:
    """A streamed update (an insert makes no difference)."""
    return Change("u", key, lsn, xid, after, 0)


def delete(lsn: int, *, key: int = 0) -> Change:
    """A streamed delete."""
    return Change("d", key, lsn, 1, None, 0)


def read(after: Row, *, key: int = 0, lsn: int = 999, snapshot: str = "true") -> Change:
    """A snapshot read; its lsn must not matter."""
    return Change("r", key, lsn, None, after, 0, snapshot)


def garbage(*, key: int = 0) -> Change:
    """A value that does not decode."""
    return Change("u", key, 0, 1, None, 0, "", True)


def other(op: str, *, lsn: int = 1) -> Change:
    """A truncate or a message."""
    return Change(op, 0, lsn, lsn, None, 0)


def chunk(*changes: Change | None, start: int = 0, end: int | None = None) -> Chunk:
    """The changes at offsets from `start` on; None is Kafka's tombstone."""
    records = [Record(start + i, change.key if change else 0, change) for i, change in enumerate(changes)]
    return chunk_of(0, start, start + len(records) if end is None else end, records)


def fold(*changes: Change | None, start: int = 0, poison: Poison | None = None, rereads: bool = True) -> Batch:
    """Fold the changes."""
    return Folder(JsonWire(), RowCodec(), rereads=rereads).fold(chunk(*changes), start=start, poison=poison)


def target(*, rereads: bool = True) -> MemorySink:
    """An empty target of one topic."""
    return MemorySink(COLUMNS, ("id",), PARTS, refuses=refuses, rereads=rereads)


def steps(batch: Batch) -> list[tuple[str, list[tuple[str, int, int | None]]]]:
    """What a batch would do: kind, and (source key, offset, floor) of each row."""
    return [(step.kind, [row[:3] for row in step.rows]) for step in batch.steps]
