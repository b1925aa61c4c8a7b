"""Folds with one rule broken each: compaction, poison, partial rows, books. Called by test_engine.py."""

from __future__ import annotations

from typing import Any

from overgrow.apply import Batch, fold
from tests.model.mutants import Mutants

FOLDS = Mutants()


@FOLDS.fold
class _LastOffset(fold._Fold):
    """compaction by last offset only"""

    def _floor(self, *_: Any) -> int | None:
        return None


@FOLDS.fold
class _NoFallback(fold._Fold):
    """refused winner without fallback to the read"""

    def run(self) -> None:
        super().run()
        kept = [slot for slot in self.earlier if slot.event.op != "r"]
        self.superseded += len(self.earlier) - len(kept)  # the books balance: only the row tells
        self.earlier = kept


@FOLDS.fold
class _NoOlder(fold._Fold):
    """poison winner without fallback to the older event"""

    def run(self) -> None:
        super().run()
        for letter in self.letters:
            slot = self.slots.get(letter.key or "")
            if slot is not None and self.chunk.offsets[slot.index] < letter.record.offset:
                del self.slots[slot.key]
                self.superseded += 1


@FOLDS.fold
class _PoisonNoFloor(fold._Fold):
    """poison leaves no floor in its batch"""

    def _set_aside(self, *arguments: Any) -> None:
        super()._set_aside(*arguments)
        self.poisoned.clear()


@FOLDS.fold
class _Swallows(fold._Fold):
    """undecodable record dropped"""

    def _undecodable(self, *_: Any) -> None:
        self.superseded += 1


@FOLDS.fold
class _ReadPlaced(fold._Fold):
    """a read's position is believed in compaction"""

    def _position(self, event: Any) -> int | None:
        lsn: int | None = event.source.lsn
        return lsn if event.op == "r" else super()._position(event)


@FOLDS.fold
class _OwnFloor(fold._Fold):
    """a read that wins does not carry the floor of its batch"""

    def batch(self) -> Batch | None:
        for slot in self.slots.values():
            if slot.event.op == "r":
                slot.floor = None
        return super().batch()


@FOLDS.fold
class _PartialAlone(fold._Fold):
    """a partial row replaces what came before it"""

    def batch(self) -> Batch | None:
        partial = {slot.key for slot in self.slots.values() if slot.absent}
        kept = [slot for slot in self.earlier if slot.key not in partial]
        self.superseded += len(self.earlier) - len(kept)
        self.earlier = kept
        return super().batch()


@FOLDS.fold
class _OneLayer(fold._Fold):
    """an older event of the key is written after the newer"""

    def batch(self) -> Batch | None:
        for slot in self.earlier:
            slot.layer = 99 - slot.layer
        return super().batch()


@FOLDS.fold
class _Miscounts(fold._Fold):
    """Kafka's tombstones not counted"""

    def batch(self) -> Batch | None:
        self.received -= self.ignored
        self.ignored = 0
        return super().batch()


@FOLDS.fold
class _AcrossTruncates(fold._Fold):
    """compaction reaches across a truncate"""

    def _special(self, event: Any, offset: int) -> None:
        held, self.received = self.received, 0
        super()._special(event, offset)
        self.superseded += held
        self.received += held
        self.slots.clear()
