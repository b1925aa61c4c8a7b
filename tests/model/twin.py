"""The real engine under a schedule of the model: every claim and chunk, with its fault, also goes to the engine.

Guarantees: after each chunk the engine's target equals the model's, key by key: row, stamp, floor, open letters,
checkpoint, ranges. That is the sentence "a batch equals its events one by one". Called by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from overgrow import errors
from overgrow.apply import Batch, Claimed, ClaimLost, Engine, Folder, Hole, Receipt
from overgrow.model import Chunk, Claim, Part
from overgrow.sinks.memory import MemorySink
from tests.model.checks import Violation
from tests.model.connector import PARTITIONS, Record
from tests.model.connector import Chunk as ModelChunk
from tests.model.rules import ModelSink, Outcome
from tests.model.source import Change

TOPIC = "t"
PARTS = [Part(TOPIC, part) for part in range(PARTITIONS)]
COLUMNS = ("id", "version", "big", "note")
PLACEHOLDER = "__unset__"
LONGEST = 100  # writes of one chunk; eight records cannot need more than a few


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

    placeholder = PLACEHOLDER.encode()

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
        part=PARTS[part],
        start=start,
        next=end,
        offsets=[record.offset for record in found],
        keys=[msgspec.json.encode(Key(k=record.key)) for record in found],
        values=[None if record.change is None else value_bytes(record.change) for record in found],
        headers=[()] * len(found),
    )


class Died(Exception):  # noqa: N818 - an event of the schedule, nobody's mistake
    """The worker died here."""


class FaultySink:
    """A sink that is away once, commits without saying so once, or takes its worker down."""

    def __init__(self, inner: MemorySink) -> None:
        self.inner, self.fault, self.writes = inner, "", 0

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """As the inner sink."""
        return await self.inner.claim(parts)

    async def write(self, batch: Batch, claim: Claim) -> Receipt:
        """As the inner sink, with the fault before or after it."""
        self.writes += 1
        if self.writes > LONGEST:
            raise Violation(f"{batch.part} {batch.start}: the engine writes the same chunk {LONGEST} times")
        if self.fault == "dies before":
            raise Died
        if self.fault == "away":
            self.fault = ""
            raise errors.TransientError("connection refused")
        receipt = await self.inner.write(batch, claim)
        fault, self.fault = self.fault, ""
        if fault == "ambiguous":
            raise errors.TransientError("connection lost during commit")
        if fault == "dies after":
            if batch.next == batch.chunk.next:
                raise Died
            self.fault = fault  # a part of the chunk: the model dies after all of it
        return receipt


def finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the engine waited for something outside the model")


async def _no_pause(_seconds: float) -> None:
    return None


class Twin:
    """Watches a world and drives the engine."""

    def __init__(
        self,
        *,
        rereads: bool,
        folder: Callable[..., Folder] = Folder,
        sink: Callable[..., MemorySink] = MemorySink,
        engine: Callable[..., Engine] = Engine,
    ) -> None:
        self.memory = sink(COLUMNS, ("id",), PARTS, refuses=refuses, rereads=rereads)
        self.sink = FaultySink(self.memory)
        folders = {TOPIC: folder(JsonWire(), RowCodec(), rereads=rereads)}
        self.engine = engine(self.sink, folders, sleep=_no_pause, jitter=lambda: 0.5, observe=self._observe)
        self.claims: dict[tuple[int, int], Claim] = {}

    def _observe(self, name: str, fields: Mapping[str, Any]) -> None:
        """Events are not looked at."""

    def claimed(self, part: int, token: int, at: int) -> None:
        """Claim as the model did."""
        got: Claimed = finish(self.sink.claim([PARTS[part]]))[PARTS[part]]
        self.claims[part, token] = got.claim
        if got.next_offset != at:
            raise Violation(f"part {part}: the engine's claim starts at {got.next_offset}, the model's at {at}")

    def fed(self, chunk: ModelChunk, token: int, fault: str, outcome: Outcome, sink: ModelSink) -> None:
        """Feed the engine as the model was fed; compare."""
        self.sink.fault, self.sink.writes = fault, 0
        seen = self._feed(chunk_of(*chunk), self.claims[chunk.part, token])
        told = "passed" if outcome.kind in ("written", "skipped") else outcome.kind
        if seen[0] != "dead" and seen != (told, outcome.at if told != "fenced" else 0):
            raise Violation(f"part {chunk.part}: the engine {seen}, the model {outcome}")
        self._compare(chunk.part, sink)

    def _feed(self, chunk: Chunk, claim: Claim) -> tuple[str, int]:
        try:
            return "passed", finish(self.engine.feed(chunk, claim))
        except Hole as hole:
            return "hole", hole.at
        except ClaimLost:
            return "fenced", 0
        except Died:
            return "dead", 0

    def _compare(self, part: int, sink: ModelSink) -> None:
        state, mark = self.memory.state, self.memory.base
        ours = [(start, end) for at, start, end in state.ranges if at == PARTS[part]]
        theirs = [(start, end) for at, start, end in sink.ranges if at == part]
        if not _tile(ours) or ours[-1:] and ours[-1][1] != theirs[-1][1] or state.checkpoints[PARTS[part]].next_offset != sink.checkpoints[part].next:
            raise Violation(f"part {part}: the engine's ranges {ours[-3:]}, the model's {theirs[-3:]}")
        books, model = state.checkpoints[PARTS[part]].books, sink.checkpoints[part].books
        if books.balance or books.received != model["received"] or books.ignored != model["ignored"]:
            raise Violation(f"part {part}: the engine's {books}, the model's {dict(model)}")
        opened: dict[str | None, list[int | None]] = {}
        for filed in state.letters:
            if filed.open:
                opened.setdefault(filed.letter.key, []).append(filed.stamp.lsn)
        for key in range(part, 64, PARTITIONS):
            if key not in sink.rows and key not in sink.tombstones and str(key) not in opened and not sink.opened(key):
                if f"u{key}" in state.rows or str(key) in state.tombstones:
                    raise Violation(f"key {key}: the engine knows it, the model does not")
                continue
            engine = self._engine_view(key, mark, opened.get(str(key)))
            wanted = _model_view(key, sink)
            if engine != wanted:
                raise Violation(f"key {key}: the engine has {engine}, the model {wanted}")

    def _engine_view(self, key: int, base: int, letters: list[int | None] | None) -> tuple[object, ...]:
        cell = self.memory.state.rows.get(f"u{key}")
        dead = self.memory.state.tombstones.get(str(key))
        row = cell and (int(cell.fields[1]), cell.fields[2])
        stamp = cell.stamp if cell else dead
        floors = [s.lsn for s in (cell and cell.stamp, dead) if s] + (letters or [])
        floor = max((lsn for lsn in floors if lsn is not None), default=None)
        if cell is None and (dead is None or dead.lsn is None):
            stamp = None
        return row, stamp and (stamp.off - base, stamp.xid is None), floor, letters is not None


def _tile(ranges: list[tuple[int, int]]) -> bool:
    """The engine may take a chunk in several transactions."""
    ends = [0, *(end for _, end in ranges)]
    return all(start == end for (start, _), end in zip(ranges, ends, strict=False))


def _model_view(key: int, sink: ModelSink) -> tuple[object, ...]:
    held, dead = sink.rows.get(key), sink.tombstones.get(key)
    row = held and (held[0].version, f"b{held[0].big}")
    stamp = held[1] if held else dead
    floor = max((mark.lsn for mark in sink.known(key) if mark.lsn is not None), default=None)
    if held is None and (dead is None or dead.lsn is None):
        stamp = None  # reads of one batch: in, then out of the filter; the batch leaves no trace, and none is needed
    return row, stamp and (stamp.off, stamp.read), floor, bool(sink.opened(key))
