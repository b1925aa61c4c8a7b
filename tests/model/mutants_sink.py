"""Sinks with one rule broken each: claims, checkpoints, guard, tombstones, letters. Called by test_engine.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from overgrow.apply import Batch, Receipt, Step
from overgrow.apply.batch import Row
from overgrow.model import Claim
from overgrow.sinks.memory import MemorySink
from tests.model.mutants import Mutants

SINKS = Mutants()

SINKS.guard("offset only", lambda event, over, **_: event.off > over.off)
# Without the offset's half nothing changes here: under a checkpoint offsets only rise. The model finds it (reads with a
# position); explicit replays will.
SINKS.guard(
    "reads have a position",
    lambda event, over, **_: event.off > over.off and (event.lsn is None or over.lsn is None or event.lsn >= over.lsn),
)


@SINKS.sink
class _AnyClaim(MemorySink):
    """no claim check"""

    async def write(self, batch: Batch, claim: Claim) -> Receipt:
        return await super().write(batch, self.state.checkpoints[batch.part].claim or claim)


@SINKS.sink
class _NoHole(MemorySink):
    """hole not detected"""

    def _write(self, batch: Batch, claim: Claim) -> Receipt:
        row = self.state.checkpoints[batch.part]
        if row.claim == claim:
            row.next_offset = max(row.next_offset, batch.start)
        return super()._write(batch, claim)


@SINKS.sink
class _NoTrim(MemorySink):
    """no trim: an ambiguous commit is written again"""

    def _write(self, batch: Batch, claim: Claim) -> Receipt:
        row = self.state.checkpoints[batch.part]
        if row.claim == claim:
            row.next_offset = min(row.next_offset, batch.start)
        return super()._write(batch, claim)


@SINKS.sink
class _RowsFirst(MemorySink):
    """checkpoint not in the same transaction"""

    def _write(self, batch: Batch, claim: Claim) -> Receipt:
        before = self.state.checkpoints[batch.part].next_offset
        receipt = super()._write(batch, claim)
        if batch.next - batch.start > 4:  # the worker dies in between
            self.state.checkpoints[batch.part].next_offset = before
        return receipt


@SINKS.sink
class _NoTombstones(MemorySink):
    """no tombstone"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        fate = super()._one(batch, step, item, *rest)
        self.state.tombstones.clear()
        return fate


@SINKS.sink
class _FilterKeeps(MemorySink):
    """filter exit not deleting"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        return "filtered" if step.kind == "filter" else super()._one(batch, step, item, *rest)


@SINKS.sink
class _Placeholder(MemorySink):
    """partial placeholder written"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        return super()._one(batch, replace(step, columns=self.columns), item, *rest)


@SINKS.sink
class _PartialInserts(MemorySink):
    """partial row inserted"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        known = any(cell.key == item[0] for cell in self.state.rows.values())
        return super()._one(batch, step if known or step.kind != "patch" else replace(step, kind="upsert"), item, *rest)


@SINKS.sink
class _LettersForgotten(MemorySink):
    """letters not counted as stamps, nor as a queue"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        filed, self.state.letters = self.state.letters, []
        try:
            return super()._one(batch, step, item, *rest)
        finally:
            self.state.letters = filed + self.state.letters


@SINKS.sink
class _ForgetsFloor(MemorySink):
    """a read clears the position"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        fate = super()._one(batch, step, item, *rest)
        for target, cell in self.state.rows.items():
            if cell.key == item[0] and cell.stamp.xid is None:
                self.state.rows[target] = replace(cell, stamp=cell.stamp._replace(lsn=None))
        return fate
