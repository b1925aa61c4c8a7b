"""An in-memory sink: a fake, for pure tests of the engine. Same rules as the real one, written as plainly as possible.

It keeps rows as lists of COPY fields. It never stands in for PostgreSQL where PostgreSQL can run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from overgrow import errors
from overgrow.apply.batch import Batch, Books, Row, Step, Truncate
from overgrow.apply.fold import reread_stop
from overgrow.apply.ports import BadRows, Boundary, Claimed, ClaimLost, Hole, Moved, Receipt
from overgrow.model import Claim, Letter, LetterKind, Part, Stamp, Truncation, may_write, stamp_base

Filings = tuple[tuple[Letter, bool], ...]


@dataclass(slots=True, frozen=True)
class Cell:
    """A target row: its fields in target column order, its stamp, and whose it is."""

    fields: list[str]
    stamp: Stamp
    key: str


@dataclass(slots=True, frozen=True)
class Filed:
    """A dead letter and its state."""

    letter: Letter
    stamp: Stamp
    part: Part
    open: bool


@dataclass(slots=True)
class CheckpointRow:
    """One row of the checkpoint table."""

    next_offset: int = 0
    claim: Claim = field(default_factory=lambda: Claim(0, ""))
    streamed: bool = False
    first_read: int | None = None
    boundaries: tuple[int, ...] = (0,)  # where each generation of the epoch begins
    epoch: int = 1
    generation: int = 0
    books: Books = field(default_factory=Books)


@dataclass(slots=True)
class State:
    """Everything one transaction writes."""

    rows: dict[str, Cell] = field(default_factory=dict)  # by target key
    tombstones: dict[str, Stamp] = field(default_factory=dict)  # by source key
    letters: list[Filed] = field(default_factory=list)
    checkpoints: dict[Part, CheckpointRow] = field(default_factory=dict)
    ranges: list[tuple[Part, int, int]] = field(default_factory=list)  # of this epoch
    truncation: Truncation | None = None
    history_from: int = 0  # the first stamp offset of the source's history: positions compare from there on

    def begin(self) -> State:
        """A copy to work on; cells, stamps and letters are frozen, so the containers suffice."""
        return State(
            rows=dict(self.rows),
            tombstones=dict(self.tombstones),
            letters=list(self.letters),
            checkpoints={part: replace(row) for part, row in self.checkpoints.items()},
            ranges=list(self.ranges),
            truncation=self.truncation,
            history_from=self.history_from,
        )


FIRST = stamp_base(epoch=1, generation=0)


class MemorySink:
    """One mapping's target. `columns` and `key` name the target columns; `refuses` plays the target's constraints."""

    def __init__(
        self,
        columns: tuple[str, ...],
        key: tuple[str, ...],
        parts: Iterable[Part],
        *,
        refuses: Callable[[list[str]], str | None] = lambda fields: None,  # noqa: ARG005
        rereads: bool = False,
    ) -> None:
        self.columns, self.key = columns, tuple(columns.index(name) for name in key)
        self.state = State(checkpoints={part: CheckpointRow() for part in parts})
        self.before = self.state
        self.refuses = refuses
        self.rereads = rereads
        self.base = FIRST  # of the batch in hand
        self.claims = 0  # ever given: a claim of a target that was put back to an older copy is not given again

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """Take over; see `Sink.claim`."""
        claimed: dict[Part, Claimed] = {}
        for part in parts:
            row = self.state.checkpoints.get(part)
            if row is None:
                msg = f"no checkpoint for {part}"
                raise errors.Refused(msg, code="no-checkpoint")
            self.claims += 1
            row.claim = Claim(row.claim.number + 1, f"memory-{self.claims}")
            claimed[part] = Claimed(claim=row.claim, next_offset=row.next_offset, topic_id="memory", partition_count=1)
        return claimed

    def begin_generation(self, begins: Mapping[Part, int]) -> None:
        """A re-snapshot: what lies at these offsets and beyond is of the next generation."""
        self.state = self.state.begin()
        for part, at in begins.items():
            row = self.state.checkpoints[part]
            row.boundaries = (*row.boundaries, at)

    def adopt(self, begins: Mapping[Part, int], *, history: Literal["same", "new"] = "same") -> None:
        """An epoch: new checkpoints at these offsets, every claim is void; `new`: positions begin anew as well."""
        self.state = state = self.state.begin()
        epoch = 1 + max(row.epoch for row in state.checkpoints.values())
        number = 1 + max(row.claim.number for row in state.checkpoints.values())
        state.checkpoints = {
            part: CheckpointRow(next_offset=at, boundaries=(at,), epoch=epoch, claim=Claim(number, ""))
            for part, at in begins.items()
        }
        state.ranges = []
        if history == "new":
            state.history_from = stamp_base(epoch=epoch, generation=0)

    def sweep(self) -> None:
        """Remove what the newest generation has not shown; the caller has seen that its snapshot has arrived."""
        self.state = state = self.state.begin()
        row = next(iter(state.checkpoints.values()))
        base = stamp_base(epoch=row.epoch, generation=len(row.boundaries) - 1)
        kept = {filed.letter.key for filed in state.letters if filed.open and filed.stamp.off >= base}
        state.rows = {target: cell for target, cell in state.rows.items() if cell.stamp.off >= base or cell.key in kept}
        state.letters = [replace(filed, open=filed.open and filed.stamp.off >= base) for filed in state.letters]

    async def write(self, batch: Batch, claim: Claim) -> Receipt:
        """One transaction: all of it or nothing."""
        self.before, self.state = self.state, self.state.begin()
        try:
            return self._write(batch, claim)
        except BaseException:
            self.state = self.before
            raise

    def _write(self, batch: Batch, claim: Claim) -> Receipt:
        row = self.state.checkpoints[batch.part]
        if row.claim != claim:
            raise ClaimLost(str(batch.part))
        if row.next_offset != batch.start:
            raise (Hole if row.next_offset < batch.start else Moved)(row.next_offset)
        self._enter(batch, row)
        if batch.truncate is not None:
            return self._truncate(batch, row, batch.truncate)
        self._snapshot_once(batch, row)
        letters_before = len(self.state.letters)
        counts = {"applied": 0, "superseded": 0, "filtered": 0, "set_aside": 0}
        bad: dict[int, tuple[LetterKind, str]] = {}
        for step in batch.steps:
            collisions = self._collisions(step)
            if collisions:
                raise BadRows(collisions)
            for item in step.rows:
                counts[self._one(batch, step, item, bad)] += 1
        if bad:
            raise BadRows(bad)
        for letter in batch.letters:
            counts[self._file(batch.part, letter, stale=letter.record.offset in batch.stale_letters)] += 1
        filed = tuple((one.letter, one.open) for one in self.state.letters[letters_before:])
        return self._advance(batch, row, Books(**counts), filed)

    def _enter(self, batch: Batch, row: CheckpointRow) -> None:
        """Which generation the batch belongs to; it never reaches into the next."""
        number = max(n for n, begins in enumerate(row.boundaries) if begins <= batch.start)
        after = row.boundaries[number + 1 : number + 2]
        if after and after[0] < batch.next:
            raise Boundary(after[0])
        if number != row.generation:
            row.generation, row.streamed, row.first_read = number, False, None
        self.base = stamp_base(epoch=row.epoch, generation=number)

    def _advance(self, batch: Batch, row: CheckpointRow, counts: Books, filed: Filings = ()) -> Receipt:
        row.next_offset = batch.next
        row.streamed |= batch.position is not None
        books = batch.books.plus(counts)
        row.books = row.books.plus(books)
        self.state.ranges.append((batch.part, batch.start, batch.next))
        return Receipt(next=batch.next, books=books, letters=filed)

    def _truncate(self, batch: Batch, row: CheckpointRow, truncate: Truncate) -> Receipt:
        state, known = self.state, self.state.truncation
        if known is not None and known.off >= state.history_from and truncate.lsn <= known.lsn:
            state.letters = [
                replace(filed, open=False) if _lost(filed, batch.part) else filed for filed in state.letters
            ]
            return self._advance(batch, row, Books(superseded=1))
        state.truncation = Truncation(self.base + truncate.offset, truncate.lsn)
        state.rows = {key: cell for key, cell in state.rows.items() if not self._gone(cell.stamp)}
        state.letters = [
            replace(filed, open=False) if self._overtaken(filed, batch.part) else filed for filed in state.letters
        ]
        return self._advance(batch, row, Books(applied=1))

    def _gone(self, stamp: Stamp) -> bool:
        known, history = self.state.truncation, self.state.history_from
        return known is not None and known.off >= history and known.covers(stamp, history_from=history)

    def _overtaken(self, filed: Filed, part: Part) -> bool:
        """Undecodable letters have no position: only in the truncate's own partition they are known to be older."""
        return _lost(filed, part) or (filed.letter.kind != "decode" and self._gone(filed.stamp))

    def _may_write(self, stamp: Stamp, over: Stamp) -> bool:
        return may_write(stamp, over, history_from=self.state.history_from)

    def _snapshot_once(self, batch: Batch, row: CheckpointRow) -> None:
        if self.rereads or not batch.reads:
            return
        if row.streamed:
            raise reread_stop(f"{batch.part} offset {batch.start}")
        if batch.first_read is not None:
            others = [c for p, c in self.state.checkpoints.items() if p.topic == batch.part.topic]
            if any(c.first_read is not None and c.generation == row.generation for c in others):
                raise reread_stop(f"{batch.part} offset {batch.first_read}")
            row.first_read = batch.first_read

    def _collisions(self, step: Step) -> dict[int, tuple[LetterKind, str]]:
        bad: dict[int, tuple[LetterKind, str]] = {}
        seen: dict[str, str] = {}
        for key, offset, floor, xid, _, line in sorted(step.rows, key=lambda row: row[1]):
            stamp = Stamp(self.base + offset, floor, xid)
            if step.kind != "upsert" or self._gone(stamp):
                continue
            if not all(self._may_write(stamp, ghost) for ghost in self._ghosts(key)):
                continue
            target = self._target_key(line.split("\t"))
            cell = self.state.rows.get(target)
            owner = seen.setdefault(target, key) if cell is None else cell.key
            if owner != key:
                bad[offset] = ("key-collision", f"target key {target!r} belongs to source key {owner}")
        return bad

    def _ghosts(self, key: str, letters_of: State | None = None) -> list[Stamp]:
        """Stamps of a key that no row carries: its tombstone, its open letters."""
        dead = self.state.tombstones.get(key)
        opened = [filed.stamp for filed in (letters_of or self.state).letters if filed.open and filed.letter.key == key]
        return opened if dead is None else [dead, *opened]

    def _target_key(self, fields: list[str]) -> str:
        return "\t".join(fields[i] for i in self.key)

    def _one(self, batch: Batch, step: Step, item: Row, bad: dict[int, tuple[LetterKind, str]]) -> str:
        key, offset, floor, xid, index, line = item
        fields = line.split("\t")
        target = line if step.kind in ("delete", "filter") else self._target_key(fields)
        stamp = Stamp(self.base + offset, floor, xid)
        cell = self.state.rows.get(target)
        if cell is not None and cell.key != key:
            cell = None  # deletes of a key whose row belongs to another
        dead = self.state.tombstones.get(key)
        opened = [f for f in self.state.letters if f.open and f.letter.key == key]
        others = [cell.stamp] if cell else []
        others += [dead] if dead else []
        if (
            not self._gone(stamp)
            and all(self._may_write(stamp, ghost) for ghost in self._ghosts(key, self.before))
            and step.kind == "upsert"
            and self._bad(item, fields, bad)
        ):
            return "superseded"  # of no matter: the batch is refused. PostgreSQL checks before it looks for the row
        if self._gone(stamp) or not all(
            self._may_write(stamp, other) for other in [*others, *(f.stamp for f in opened)]
        ):
            return "filtered" if step.kind == "filter" else "superseded"
        if step.kind == "patch" and (opened or cell is None):
            letter = Letter(
                record=batch.chunk.record(index),
                key=key,
                lsn=floor,
                xid=xid,
                kind="partial-without-row",
                cause="queued behind an open letter" if opened else "the target has no such row",
            )
            return self._file(batch.part, letter, stale=False)
        floors = [s for s in [*others, *(f.stamp for f in opened)] if s.off >= self.state.history_from]
        lsns = [s.lsn for s in [stamp, *floors] if s.lsn is not None]
        merged = Stamp(stamp.off, max(lsns, default=None), xid)
        self.state.letters = [replace(f, open=False) if f in opened else f for f in self.state.letters]
        if step.kind in ("upsert", "patch"):
            if step.kind == "patch" and cell is not None:
                names = set(step.columns)
                fields = [n if c in names else o for c, n, o in zip(self.columns, fields, cell.fields, strict=True)]
                self._bad(item, fields, bad)
            self.state.rows[target] = Cell(fields, merged, key)
            return "applied"
        if cell is not None:
            del self.state.rows[target]
        if cell or dead or opened or floor is not None or not (step.kind == "filter" and xid is None):
            self.state.tombstones[key] = merged
        return "filtered" if step.kind == "filter" else "applied"

    def _bad(self, item: Row, fields: list[str], bad: dict[int, tuple[LetterKind, str]]) -> bool:
        cause = self.refuses(fields)
        if cause is not None:
            bad[item[1]] = ("data", cause)
        return cause is not None

    def _file(self, part: Part, letter: Letter, *, stale: bool) -> str:
        stamp = Stamp(self.base + letter.record.offset, letter.lsn, letter.xid)
        stale = stale or (letter.kind != "decode" and self._gone(stamp))
        stale = stale or (letter.key is not None and self._outdated(letter.key, stamp))
        self.state.letters.append(Filed(letter, stamp, part, not stale))
        return "set_aside"

    def _outdated(self, key: str, stamp: Stamp) -> bool:
        stamps = [c.stamp for c in self.state.rows.values() if c.key == key]
        stamps += [self.state.tombstones[key]] if key in self.state.tombstones else []
        return not all(self._may_write(stamp, other) for other in stamps)


def _lost(filed: Filed, part: Part) -> bool:
    """Undecodable, and of the partition in which a truncate stands behind it."""
    return filed.letter.kind == "decode" and filed.part == part
