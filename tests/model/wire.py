"""The model's changes as bytes, a wire that reads them and a mapping of four columns: what the engine is tested with.

Columns `id version big note`; rows outside `inside` are filtered; `bad` "translate" does not translate, "data" is what
the target refuses. Called by the twin and by the engine's unit tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from overgrow import errors
from overgrow.model import Chunk, Part
from tests.model.connector import PARTITIONS, Record
from tests.model.source import TABLE, Change

TOPIC = "t"
PARTS = [Part(TOPIC, part) for part in range(PARTITIONS)]  # at the start
COLUMNS = ("id", "version", "big", "note")
PLACEHOLDER = "__unset__"


def part_of(number: int) -> Part:
    """The model's partition `number`."""
    return Part(TOPIC, number)


class After(msgspec.Struct):
    """A row image."""

    k: int
    version: int
    inside: bool
    big: str
    bad: str


class Origin(msgspec.Struct):
    """The `source` block."""

    lsn: int | None = None
    txId: int | None = None  # noqa: N815 - Debezium's name
    snapshot: str = ""


class Event(msgspec.Struct):
    """A change event."""

    op: str
    after: After | None
    source: Origin


class Key(msgspec.Struct):
    """A record key."""

    k: int


class JsonWire:
    """JSON bytes to structs."""

    def __init__(self) -> None:
        self._value = msgspec.json.Decoder(Event)
        self._key = msgspec.json.Decoder(Key)

    def value(self, raw: bytes) -> Event:
        """An event."""
        try:
            return self._value.decode(raw)
        except msgspec.DecodeError as error:
            raise errors.DecodeError(str(error)) from error

    def key(self, raw: bytes) -> Key:
        """A key."""
        try:
            return self._key.decode(raw)
        except msgspec.DecodeError as error:
            raise errors.DecodeError(str(error)) from error


class RowCodec:
    """The mapping of the model: four columns, a filter, an injective key."""

    def line(self, after: After) -> str | None:
        """COPY text."""
        if not after.inside:
            return None
        if after.bad == "translate":
            raise ValueError(after.bad)
        return f"u{after.k}\t{after.version}\t{after.big}\t{after.bad}"

    def explain(self, after: After) -> errors.TranslationError:
        """Why."""
        return errors.TranslationError("note", "bad", f"unknown code {after.bad!r}")

    def key_text(self, key: Key) -> str:
        """The source key."""
        return str(key.k)

    def target_key(self, key: Key) -> str:
        """The target key."""
        return f"u{key.k}"

    def absent(self, after: After) -> frozenset[str]:
        """Columns not sent."""
        return frozenset({"big"}) if after.big == PLACEHOLDER else frozenset()

    def present(self, absent: frozenset[str]) -> tuple[str, ...]:
        """Target columns that can be written."""
        return tuple(name for name in COLUMNS if name not in absent)

    def partial_line(self, after: After, absent: frozenset[str]) -> str | None:
        """COPY text with NULL for what is absent."""
        line = self.line(after)
        return line.replace(PLACEHOLDER, r"\N") if line and absent else line


def refuses(fields: list[str]) -> str | None:
    """The target's own limit."""
    return "22001 value too long" if fields[3] == "data" else None


@lru_cache(maxsize=4096)
def value_bytes(change: Change) -> bytes:
    """What the connector would send."""
    if change.garbage:
        return b'{"op": 1'
    after = None
    if change.after is not None:
        row = change.after
        big = PLACEHOLDER if row.big is None else f"b{row.big}"
        after = After(k=change.key, version=row.version, inside=row.inside, big=big, bad=row.bad)
    origin = Origin(lsn=change.lsn, txId=change.xid, snapshot=change.snapshot)
    return msgspec.json.encode(Event(op=change.op, after=after, source=origin))


def chunk_of(part: int, start: int, end: int, records: Iterable[Record]) -> Chunk:
    """The model's chunk as the host would hand it over."""
    found = list(records)
    return Chunk(
        part=part_of(part),
        start=start,
        next=end,
        offsets=[record.offset for record in found],
        keys=[None if record.key == TABLE else msgspec.json.encode(Key(k=record.key)) for record in found],
        values=[None if record.change is None else value_bytes(record.change) for record in found],
        headers=[()] * len(found),
    )
