"""The real engine under a schedule of the model: every claim and chunk, with its fault, also goes to the engine.

Guarantees: after each chunk the engine's target equals the model's, key by key: row, stamp, floor, open letters,
checkpoint, ranges. That is the sentence "a batch equals its events one by one". Called by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from overgrow import errors
from overgrow.apply import Batch, Claimed, ClaimLost, Engine, Folder, Hole, Receipt
from overgrow.model import Chunk, Claim, Part
from overgrow.sinks.memory import MemorySink
from tests.model.checks import Violation
from tests.model.connector import PARTITIONS
from tests.model.connector import Chunk as ModelChunk
from tests.model.rules import ModelSink, Outcome
from tests.model.wire import COLUMNS, PARTS, TOPIC, JsonWire, RowCodec, chunk_of, refuses

LONGEST = 100  # writes of one chunk; eight records cannot need more than a few


class Died(Exception):
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
        at = state.checkpoints[PARTS[part]].next_offset
        if not _tile(ours, at) or at != sink.checkpoints[part].next:
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


def _tile(ranges: list[tuple[int, int]], at: int) -> bool:
    """Ranges follow each other from 0 to the checkpoint; the engine may take a chunk in several transactions."""
    return [0, *(end for _, end in ranges)] == [*(start for start, _ in ranges), at]


def _model_view(key: int, sink: ModelSink) -> tuple[object, ...]:
    held, dead = sink.rows.get(key), sink.tombstones.get(key)
    row = held and (held[0].version, f"b{held[0].big}")
    stamp = held[1] if held else dead
    floor = max((mark.lsn for mark in sink.known(key) if mark.lsn is not None), default=None)
    if held is None and (dead is None or dead.lsn is None):
        stamp = None  # reads of one batch: in, then out of the filter; the batch leaves no trace, and none is needed
    return row, stamp and (stamp.off, stamp.read), floor, bool(sink.opened(key))
