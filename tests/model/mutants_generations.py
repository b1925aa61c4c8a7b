"""Sinks with one rule of truncates, generations, epochs or restores broken each. Called by test_engine.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from overgrow.apply import Batch, Boundary, Claimed, Receipt, Step, Truncate
from overgrow.apply.batch import Row
from overgrow.model import Claim, Part, Stamp, stamp_base
from overgrow.sinks.memory import CheckpointRow, Filed, MemorySink
from tests.model.mutants import Mutants

GENERATIONS = Mutants()


@GENERATIONS.sink
class _OwnPartition(MemorySink):
    """a truncate holds in its own partition only"""

    def _truncate(self, batch: Batch, row: CheckpointRow, truncate: Truncate) -> Receipt:
        before, parts = self.state.rows, len(self.state.checkpoints)
        receipt = super()._truncate(batch, row, truncate)
        apart = {at: cell for at, cell in before.items() if int(cell.key) % parts != batch.part.partition}
        self.state.rows = {**apart, **self.state.rows}
        return receipt


@GENERATIONS.sink_in("lost")
class _EveryRead(MemorySink):
    """a truncate removes reads of later generations"""

    def _gone(self, stamp: Stamp) -> bool:
        return super()._gone(stamp) or (self.state.truncation is not None and stamp.xid is None)


@GENERATIONS.sink
class _Once(MemorySink):
    """an event older than the truncate is applied"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        known, self.state.truncation = self.state.truncation, None
        try:
            return super()._one(batch, step, item, *rest)
        finally:
            self.state.truncation = known


@GENERATIONS.sink
class _LettersStay(MemorySink):
    """a truncate closes no letters"""

    def _overtaken(self, *_: object) -> bool:
        return False


@GENERATIONS.sink
class _LettersGo(MemorySink):
    """a truncate closes undecodable letters of every partition"""

    def _overtaken(self, filed: Filed, part: Part) -> bool:
        return filed.letter.kind == "decode" or super()._overtaken(filed, part)


@GENERATIONS.sink
class _Everything(MemorySink):
    """a truncate removes every row"""

    def _truncate(self, batch: Batch, row: CheckpointRow, truncate: Truncate) -> Receipt:
        receipt = super()._truncate(batch, row, truncate)
        if receipt.books.applied:
            self.state.rows.clear()
        return receipt


@GENERATIONS.sink
class _Again(MemorySink):
    """a truncate sent again empties the table again"""

    def _truncate(self, batch: Batch, row: CheckpointRow, truncate: Truncate) -> Receipt:
        receipt = super()._truncate(batch, row, truncate)
        if receipt.books.superseded:
            self.state.rows.clear()
        return receipt


@GENERATIONS.sink
class _Newest(MemorySink):
    """an older truncate replaces a newer one"""

    def _truncate(self, batch: Batch, row: CheckpointRow, truncate: Truncate) -> Receipt:
        self.state.truncation = None
        return super()._truncate(batch, row, truncate)


@GENERATIONS.sink_in("epochs")
class _OldTruncate(MemorySink):
    """an old truncate holds in a new history"""

    def _gone(self, stamp: Stamp) -> bool:
        return self.state.truncation is not None and self.state.truncation.covers(stamp)


@GENERATIONS.sink_in("lost")
class _NoSweep(MemorySink):
    """no sweep"""

    def sweep(self) -> None:
        return


@GENERATIONS.sink_in("lost")
class _SweepsAll(MemorySink):
    """sweep takes keys with a new letter"""

    def sweep(self) -> None:
        filed, self.state.letters = self.state.letters, []
        super().sweep()
        row = next(iter(self.state.checkpoints.values()))
        base = stamp_base(epoch=row.epoch, generation=len(row.boundaries) - 1)
        self.state.letters = [replace(one, open=one.open and one.stamp.off >= base) for one in filed]


@GENERATIONS.sink_in("lost")
class _LettersKept(MemorySink):
    """sweep leaves older letters open"""

    def sweep(self) -> None:
        filed = self.state.letters
        super().sweep()
        self.state.letters = list(filed)


@GENERATIONS.sink_in("lost")
class _Cached(MemorySink):
    """generation cached from the claim"""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.numbers: dict[Claim, int] = {}

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        claimed = await super().claim(parts)
        for part, got in claimed.items():
            begins = self.state.checkpoints[part].boundaries
            self.numbers[got.claim] = max(n for n, at in enumerate(begins) if at <= got.next_offset)
        return claimed

    def _enter(self, batch: Batch, row: CheckpointRow) -> None:
        super()._enter(batch, row)
        self.base = stamp_base(epoch=row.epoch, generation=self.numbers[row.claim])


@GENERATIONS.sink_in("lost")
class _Across(MemorySink):
    """a batch reaches across the beginning of a generation"""

    def _enter(self, batch: Batch, row: CheckpointRow) -> None:
        try:
            super()._enter(batch, row)
        except Boundary:
            self.base = stamp_base(epoch=row.epoch, generation=row.generation)


@GENERATIONS.sink_in("lost")
class _StillStreaming(MemorySink):
    """a generation's reads are refused as a second snapshot"""

    def _enter(self, batch: Batch, row: CheckpointRow) -> None:
        streamed = row.streamed
        super()._enter(batch, row)
        row.streamed |= streamed


@GENERATIONS.sink_in("epochs")
class _SameEpoch(MemorySink):
    """adoption begins no epoch"""

    def adopt(self, begins: Mapping[Part, int], *, history: Literal["same", "new"] = "same") -> None:
        epoch = next(iter(self.state.checkpoints.values())).epoch
        super().adopt(begins, history=history)
        for row in self.state.checkpoints.values():
            row.epoch = epoch


@GENERATIONS.sink_in("epochs")
class _ClaimsHold(MemorySink):
    """adoption keeps the claims"""

    def adopt(self, begins: Mapping[Part, int], *, history: Literal["same", "new"] = "same") -> None:
        claims = {part: row.claim for part, row in self.state.checkpoints.items()}
        super().adopt(begins, history=history)
        for part, claim in claims.items():
            self.state.checkpoints[part].claim = claim


@GENERATIONS.sink_in("epochs")
class _OneHistory(MemorySink):
    """positions compared across histories"""

    def adopt(self, begins: Mapping[Part, int], *, history: Literal["same", "new"] = "same") -> None:
        del history
        super().adopt(begins)


@GENERATIONS.sink_in("epochs")
class _ManyHistories(MemorySink):
    """positions forgotten at an epoch"""

    def adopt(self, begins: Mapping[Part, int], *, history: Literal["same", "new"] = "same") -> None:
        del history
        super().adopt(begins, history="new")


@GENERATIONS.sink_in("epochs")
class _OldFloor(MemorySink):
    """a read keeps the position of an older history"""

    def _one(self, batch: Batch, step: Step, item: Row, *rest: Any) -> str:
        floors = [cell.stamp.lsn for cell in self.state.rows.values() if cell.key == item[0]]
        fate = super()._one(batch, step, item, *rest)
        for target, cell in self.state.rows.items():
            if cell.key == item[0] and cell.stamp.xid is None and floors:
                self.state.rows[target] = replace(cell, stamp=cell.stamp._replace(lsn=floors[0]))
        return fate


@GENERATIONS.sink
class _NumberOnly(MemorySink):
    """a claim is only a number"""

    async def write(self, batch: Batch, claim: Claim) -> Receipt:
        held = self.state.checkpoints[batch.part].claim
        return await super().write(batch, held if held.number == claim.number else claim)
