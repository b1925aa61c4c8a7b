"""The sink of the model, written straight from the delivery contract (rules 1, 2, 4, 6, 7), one event at a time.

Guarantees nothing beyond those sentences and shares no code with the engine. `weak` names the sentences left out: the
mutations. Called by the world.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.model.connector import Chunk, Record
from tests.model.source import Change, Row


class Mark(NamedTuple):
    """A stamp: how new the message, how new the change (None: no position), and whether a read wrote it."""

    off: int
    lsn: int | None
    read: bool


@dataclass(slots=True)
class Letter:
    """A dead letter."""

    change: Change
    mark: Mark
    open: bool = True


@dataclass(slots=True)
class Checkpoint:
    """A partition's row; `token` is the claim."""

    next: int = 0
    token: int = 0
    books: Counter[str] = field(default_factory=Counter)


class Outcome(NamedTuple):
    """What became of a chunk: `written`, `skipped`, `hole` or `fenced`."""

    kind: str
    at: int


class ModelSink:
    """The target."""

    def __init__(self, parts: int, weak: frozenset[str] = frozenset()) -> None:
        self.weak = weak
        self.rows: dict[int, tuple[Row, Mark]] = {}
        self.tombstones: dict[int, Mark] = {}
        self.letters: list[Letter] = []
        self.checkpoints = [Checkpoint() for _ in range(parts)]
        self.ranges: list[tuple[int, int, int]] = []
        self.commits: list[tuple[int, int]] = []  # (part, token) of every committed transaction

    def claim(self, part: int) -> tuple[int, int]:
        """Take over: the new token and where to begin."""
        row = self.checkpoints[part]
        row.token += 1
        return row.token, row.next

    def feed(self, chunk: Chunk, token: int, *, dies: bool = False) -> Outcome:
        """One transaction. `dies`: the worker dies before its commit; with the contract nothing is written then."""
        row = self.checkpoints[chunk.part]
        if row.token != token and "no claim check" not in self.weak:
            return Outcome("fenced", row.next)
        if row.next >= chunk.next:
            return Outcome("skipped", row.next)
        if row.next < chunk.start and "hole not detected" not in self.weak:
            return Outcome("hole", row.next)
        apart = "checkpoint not in the same transaction" in self.weak
        if dies and not apart:
            return Outcome("dead", row.next)
        first = chunk.start if "no trim by record offset" in self.weak else max(row.next, chunk.start)
        for record in chunk.records:
            if record.offset >= first:
                row.books["received"] += 1
                row.books[self._apply(record)] += 1
        self.ranges.append((chunk.part, first, chunk.next))
        self.commits.append((chunk.part, token))
        if dies:
            return Outcome("dead", row.next)
        records = chunk.records
        row.next = records[-1].offset + 1 if "checkpoint of the last record" in self.weak and records else chunk.next
        return Outcome("written", row.next)

    def opened(self, key: int) -> list[Letter]:
        """The key's open letters."""
        return [letter for letter in self.letters if letter.open and letter.change.key == key]

    def known(self, key: int) -> list[Mark]:
        """Every stamp of the key: row, tombstone, open letters."""
        marks = [self.rows[key][1]] if key in self.rows else []
        if key in self.tombstones:
            marks.append(self.tombstones[key])
        if "letters not counted as stamps" not in self.weak:
            marks += [letter.mark for letter in self.opened(key)]
        return marks

    def _may_write(self, event: Mark, over: Mark) -> bool:
        newer_change = event.lsn is None or over.lsn is None or event.lsn >= over.lsn
        if "offset only" in self.weak:
            return event.off > over.off
        if "position only" in self.weak:
            return newer_change
        return event.off > over.off and newer_change

    def _mark(self, record: Record, change: Change) -> Mark:
        read = change.op == "r"
        placed = not read or {"read given a position", "position only"} & self.weak
        return Mark(record.offset, change.lsn if placed and not change.garbage else None, read)

    def _apply(self, record: Record) -> str:
        change = record.change
        if change is None:
            return "" if "tombstones not counted" in self.weak else "ignored"
        mark, known = self._mark(record, change), self.known(change.key)
        unguarded = change.op == "d" and "delete without guard" in self.weak
        opened, row = self.opened(change.key), self.rows.get(change.key)
        if not unguarded and not all(self._may_write(mark, other) for other in known):
            if "refused event heals a letter" in self.weak:
                self._heal(opened)
            return "superseded"
        if change.poison:
            return self._set_aside(change, mark)
        inside = change.after is not None and change.after.inside
        if change.partial and inside and self._must_wait(opened, row):
            return self._set_aside(change, mark)
        lsns = [other.lsn for other in [mark, *known] if other.lsn is not None]
        if change.op == "r" and "read clears the position" in self.weak:
            lsns = []
        self._heal(opened)
        stamp = Mark(mark.off, max(lsns, default=None), mark.read)
        return self._write(change, stamp, known) if inside else self._remove(change, stamp, known)

    def _must_wait(self, opened: list[Letter], row: tuple[Row, Mark] | None) -> bool:
        queued = bool(opened) and "partial not queued behind a letter" not in self.weak
        return queued or (row is None and "partial row inserted" not in self.weak)

    def _heal(self, opened: list[Letter]) -> None:
        for letter in opened:
            letter.open = False

    def _set_aside(self, change: Change, mark: Mark) -> str:
        if "poison dropped" not in self.weak:
            self.letters.append(Letter(change, mark))
        return "set_aside"

    def _write(self, change: Change, stamp: Mark, known: list[Mark]) -> str:
        after, row = change.after, self.rows.get(change.key)
        assert after is not None
        if after.big is None and row is not None and "partial placeholder written" not in self.weak:
            after = after._replace(big=row[0].big)
        if known and "create over a known key ignored" in self.weak and change.op == "c":
            return "superseded"
        self.rows[change.key] = (after, stamp)
        return "applied"

    def _remove(self, change: Change, stamp: Mark, known: list[Mark]) -> str:
        exits = change.op != "d"
        if exits and "filter exit not deleting" in self.weak:
            return "filtered"
        self.rows.pop(change.key, None)
        silent = "no tombstone" in self.weak or (exits and "filter exit without tombstone" in self.weak)
        if not silent and (known or change.op != "r"):
            self.tombstones[change.key] = stamp
        return "filtered" if exits else "applied"
