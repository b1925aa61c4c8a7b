"""Engines and sinks with one rule broken each. Called by test_engine.py, which must find every one of them wrong.

Each mutant returns a twin that drives it; what it patches, it patches through `monkeypatch`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from overgrow.apply import Batch, Receipt, Step, fold
from overgrow.apply.batch import Row
from overgrow.model import Claim, Stamp
from overgrow.sinks import memory
from overgrow.sinks.memory import MemorySink
from tests.model.twin import Twin

Mutant = Callable[[pytest.MonkeyPatch], Callable[[bool], Twin]]
MUTANTS: dict[str, Mutant] = {}


def _plain(rereads: bool) -> Twin:  # noqa: FBT001 - the only argument, named by its type
    return Twin(rereads=rereads)


def _sink(kind: type[MemorySink]) -> type[MemorySink]:
    """Register a sink with a broken rule under its docstring."""
    MUTANTS[kind.__doc__ or ""] = lambda _: lambda rereads: Twin(rereads=rereads, sink=kind)
    return kind


def _pass(kind: type[fold._Fold]) -> type[fold._Fold]:
    """Register a fold with a broken rule under its docstring."""

    def patched(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], Twin]:
        monkeypatch.setattr(fold, "_Fold", kind)
        return _plain

    MUTANTS[kind.__doc__ or ""] = patched
    return kind


def _guard(name: str, rule: Callable[[Stamp, Stamp], bool]) -> None:
    def patched(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], Twin]:
        monkeypatch.setattr(memory, "may_write", rule)
        return _plain

    MUTANTS[name] = patched


_guard("offset only", lambda event, over: event.off > over.off)
# Without the offset's half nothing changes here: under a checkpoint offsets only rise. The model finds it (reads with a
# position); explicit replays will.
_guard(
    "reads have a position",
    lambda event, over: event.off > over.off and (event.lsn is None or over.lsn is None or event.lsn >= over.lsn),
)


@_sink
class _AnyClaim(MemorySink):
    """no claim check"""

    async def write(self, batch: Batch, claim: Claim) -> Receipt:
        return await super().write(batch, self.state.checkpoints[batch.part].claim or claim)


@_sink
class _NoHole(MemorySink):
    """hole not detected"""

    def _write(self, batch: Batch, claim: Claim) -> Receipt:
        row = self.state.checkpoints[batch.part]
        if row.claim == claim:
            row.next_offset = max(row.next_offset, batch.start)
        return super()._write(batch, claim)


@_sink
class _NoTrim(MemorySink):
    """no trim: an ambiguous commit is written again"""

    def _write(self, batch: Batch, claim: Claim) -> Receipt:
        row = self.state.checkpoints[batch.part]
        if row.claim == claim:
            row.next_offset = min(row.next_offset, batch.start)
        return super()._write(batch, claim)


@_sink
class _RowsFirst(MemorySink):
    """checkpoint not in the same transaction"""

    def _write(self, batch: Batch, claim: Claim) -> Receipt:
        before = self.state.checkpoints[batch.part].next_offset
        receipt = super()._write(batch, claim)
        if batch.next - batch.start > 4:  # the worker dies in between
            self.state.checkpoints[batch.part].next_offset = before
        return receipt


@_sink
class _NoTombstones(MemorySink):
    """no tombstone"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        fate = super()._one(batch, step, item, *rest)
        self.state.tombstones.clear()
        return fate


@_sink
class _FilterKeeps(MemorySink):
    """filter exit not deleting"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        return "filtered" if step.kind == "filter" else super()._one(batch, step, item, *rest)


@_sink
class _Placeholder(MemorySink):
    """partial placeholder written"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        return super()._one(batch, replace(step, columns=self.columns), item, *rest)


@_sink
class _PartialInserts(MemorySink):
    """partial row inserted"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        known = any(cell.key == item[0] for cell in self.state.rows.values())
        return super()._one(batch, step if known or step.kind != "patch" else replace(step, kind="upsert"), item, *rest)


@_sink
class _LettersForgotten(MemorySink):
    """letters not counted as stamps, nor as a queue"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        filed, self.state.letters = self.state.letters, []
        try:
            return super()._one(batch, step, item, *rest)
        finally:
            self.state.letters = filed + self.state.letters


@_sink
class _ForgetsFloor(MemorySink):
    """a read clears the position"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        fate = super()._one(batch, step, item, *rest)
        for target, cell in self.state.rows.items():
            if cell.key == item[0] and cell.stamp.xid is None:
                self.state.rows[target] = replace(cell, stamp=cell.stamp._replace(lsn=None))
        return fate


@_pass
class _LastOffset(fold._Fold):
    """compaction by last offset only"""

    def _floor(self, *_: Any) -> int | None:
        return None


@_pass
class _NoFallback(fold._Fold):
    """refused winner without fallback to the read"""

    def run(self) -> None:
        super().run()
        kept = [slot for slot in self.earlier if slot.event.op != "r"]
        self.superseded += len(self.earlier) - len(kept)  # the books balance: only the row tells
        self.earlier = kept


@_pass
class _NoOlder(fold._Fold):
    """poison winner without fallback to the older event"""

    def run(self) -> None:
        super().run()
        for letter in self.letters:
            slot = self.slots.get(letter.key or "")
            if slot is not None and self.chunk.offsets[slot.index] < letter.record.offset:
                del self.slots[slot.key]
                self.superseded += 1


@_pass
class _PoisonNoFloor(fold._Fold):
    """poison leaves no floor in its batch"""

    def _set_aside(self, *arguments: Any) -> None:
        super()._set_aside(*arguments)
        self.poisoned.clear()


@_pass
class _Swallows(fold._Fold):
    """undecodable record dropped"""

    def _undecodable(self, *_: Any) -> None:
        self.superseded += 1


@_pass
class _ReadPlaced(fold._Fold):
    """a read's position is believed in compaction"""

    def _position(self, event: Any) -> int | None:
        lsn: int | None = event.source.lsn
        return lsn if event.op == "r" else super()._position(event)


@_pass
class _OwnFloor(fold._Fold):
    """a read that wins does not carry the floor of its batch"""

    def batch(self) -> Batch | None:
        for slot in self.slots.values():
            if slot.event.op == "r":
                slot.floor = None
        return super().batch()


@_pass
class _PartialAlone(fold._Fold):
    """a partial row replaces what came before it"""

    def batch(self) -> Batch | None:
        partial = {slot.key for slot in self.slots.values() if slot.absent}
        kept = [slot for slot in self.earlier if slot.key not in partial]
        self.superseded += len(self.earlier) - len(kept)
        self.earlier = kept
        return super().batch()


@_pass
class _OneLayer(fold._Fold):
    """an older event of the key is written after the newer"""

    def batch(self) -> Batch | None:
        for slot in self.earlier:
            slot.layer = 99 - slot.layer
        return super().batch()


@_pass
class _Miscounts(fold._Fold):
    """Kafka's tombstones not counted"""

    def batch(self) -> Batch | None:
        self.received -= self.ignored
        self.ignored = 0
        return super().batch()
