"""The real engine under a schedule of the model: every claim, chunk with its fault, and act of the operator goes to it.

Guarantees: after each of them the engine's target equals the model's, key by key: row, stamp, floor, open letters,
checkpoint, ranges, truncation. That is the sentence "a batch equals its events one by one". Called by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Literal

from overgrow import errors
from overgrow.apply import Batch, Claimed, ClaimLost, Engine, Folder, Hole, Receipt
from overgrow.model import Chunk, Claim, Part
from overgrow.sinks.memory import MemorySink, State
from tests.model.checks import Violation
from tests.model.compare import compare
from tests.model.connector import Chunk as ModelChunk
from tests.model.rules import ModelSink, Outcome
from tests.model.target import Token
from tests.model.wire import COLUMNS, PARTS, TOPIC, JsonWire, RowCodec, chunk_of, part_of, refuses

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
        folders = {TOPIC: folder(JsonWire(), RowCodec(), rereads=rereads, truncates=True)}
        self.engine = engine(self.sink, folders, sleep=_no_pause, jitter=lambda: 0.5, observe=self._observe)
        self.claims: dict[tuple[int, Token], Claim] = {}
        self.backup: State | None = None

    def _observe(self, name: str, fields: Mapping[str, Any]) -> None:
        """Events are not looked at."""

    def claimed(self, part: int, token: Token, at: int) -> None:
        """Claim as the model did."""
        got: Claimed = finish(self.sink.claim([part_of(part)]))[part_of(part)]
        self.claims[part, token] = got.claim
        if got.next_offset != at:
            raise Violation(f"part {part}: the engine's claim starts at {got.next_offset}, the model's at {at}")

    def fed(self, chunk: ModelChunk, token: Token, fault: str, outcome: Outcome, sink: ModelSink) -> None:
        """Feed the engine as the model was fed; compare."""
        self.sink.fault, self.sink.writes = fault, 0
        seen = self._feed(chunk_of(*chunk), self.claims[chunk.part, token])
        told = "passed" if outcome.kind in ("written", "skipped") else outcome.kind
        if seen[0] != "dead" and seen != (told, outcome.at if told != "fenced" else 0):
            raise Violation(f"part {chunk.part}: the engine {seen}, the model {outcome}")
        compare(self.memory.state, sink, chunk.part)

    def begun(self, starts: tuple[int, ...], sink: ModelSink) -> None:
        """Begin the generation."""
        self.memory.begin_generation({part_of(part): at for part, at in enumerate(starts)})
        compare(self.memory.state, sink)

    def swept(self, sink: ModelSink) -> None:
        """Sweep as the model did; that its time had come, the model has seen."""
        before = {cell.key for cell in self.memory.state.rows.values()}
        self.memory.sweep()
        for key in before - {cell.key for cell in self.memory.state.rows.values()}:
            self.memory.state.tombstones.pop(key, None)  # compaction may have left none below the row: acts.sweep
        compare(self.memory.state, sink)

    def adopted(self, starts: tuple[int, ...], history: Literal["same", "new"], sink: ModelSink) -> None:
        """Begin the epoch."""
        self.memory.adopt({part_of(part): at for part, at in enumerate(starts)}, history=history)
        compare(self.memory.state, sink)

    def saved(self) -> None:
        """Copy the target."""
        self.backup = self.memory.state.begin()

    def restored(self, sink: ModelSink) -> None:
        """Put the copy back."""
        assert self.backup is not None
        self.memory.state = self.backup.begin()
        compare(self.memory.state, sink)

    def _feed(self, chunk: Chunk, claim: Claim) -> tuple[str, int]:
        try:
            return "passed", finish(self.engine.feed(chunk, claim))
        except Hole as hole:
            return "hole", hole.at
        except ClaimLost:
            return "fenced", 0
        except Died:
            return "dead", 0
