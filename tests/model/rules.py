"""The sink of the model, written straight from the delivery contract (rules 1, 2, 4-7), one event at a time.

Guarantees nothing beyond those sentences and shares no code with the engine. `weak` names the sentences left out: the
mutations. Called by the world; the operator's acts are in acts.py.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.model.connector import Chunk, Record
from tests.model.source import TABLE, Change, Row
from tests.model.target import Checkpoint, Generation, Letter, Mark, State, Token, Truncated


class Outcome(NamedTuple):
    """What became of a chunk: `written`, `skipped`, `hole` or `fenced`."""

    kind: str
    at: int


class ModelSink:
    """The target."""

    def __init__(self, parts: int, weak: frozenset[str] = frozenset()) -> None:
        self.weak = weak
        self.state = State(checkpoints=[Checkpoint() for _ in range(parts)])
        self.state.generations.append(Generation(1, 0, (0,) * parts))
        self.commits: list[tuple[int, Token]] = []  # (part, token) of every committed transaction
        self.owners = 0
        self.cached: dict[Token, int] = {}  # generation at the claim: only a weak sink believes it

    def claim(self, part: int) -> tuple[Token, int]:
        """Take over: the new token and where to begin."""
        row = self.state.checkpoints[part]
        self.owners += 1
        row.token = Token(row.token.number + 1, self.owners)
        self.cached[row.token] = self.generation(part, row.next)
        return row.token, row.next

    def generation(self, part: int, offset: int) -> int:
        """Which generation a record belongs to."""
        newest_first = reversed(self.state.generations)
        return next((found.number for found in newest_first if found.starts[part] <= offset), 0)

    def feed(self, chunk: Chunk, token: Token, *, dies: bool = False) -> Outcome:
        """One transaction. `dies`: the worker dies before its commit; with the contract nothing is written then."""
        row = self.state.checkpoints[chunk.part]
        if self._fenced(row.token, token):
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
                row.books[self._apply(record, chunk.part, token)] += 1
        self.state.ranges.append((chunk.part, first, chunk.next))
        self.commits.append((chunk.part, token))
        if dies:
            return Outcome("dead", row.next)
        records = chunk.records
        row.next = records[-1].offset + 1 if "checkpoint of the last record" in self.weak and records else chunk.next
        return Outcome("written", row.next)

    def _fenced(self, holds: Token, token: Token) -> bool:
        if "a claim is only a number" in self.weak:
            return holds.number != token.number
        return holds != token and "no claim check" not in self.weak

    def opened(self, key: int) -> list[Letter]:
        """The key's open letters."""
        return [letter for letter in self.state.letters if letter.open and letter.change.key == key]

    def known(self, key: int) -> list[Mark]:
        """Every stamp of the key: row, tombstone, open letters."""
        state = self.state
        marks = [state.rows[key][1]] if key in state.rows else []
        if key in state.tombstones:
            marks.append(state.tombstones[key])
        if "letters not counted as stamps" not in self.weak:
            marks += [letter.mark for letter in self.opened(key)]
        return marks

    def _comparable(self, mark: Mark) -> bool:
        """Whether the mark's position can be compared: it is of the source's history."""
        if "positions forgotten at an epoch" in self.weak:
            return mark.off[0] == self.state.epoch
        return mark.off[0] >= self.state.history or "positions compared across histories" in self.weak

    def _may_write(self, event: Mark, over: Mark) -> bool:
        newer = event.lsn is None or over.lsn is None or event.lsn >= over.lsn or not self._comparable(over)
        if "offset only" in self.weak:
            return event.off > over.off
        if "position only" in self.weak:
            return newer
        return event.off > over.off and newer

    def floor(self, marks: list[Mark]) -> int | None:
        """The highest position that still counts."""
        every = "a read keeps the position of an older history" in self.weak
        lsns = [mark.lsn for mark in marks if mark.lsn is not None and (every or self._comparable(mark))]
        return max(lsns, default=None)

    def _mark(self, record: Record, change: Change, part: int, token: Token) -> Mark:
        cached = "generation cached from the claim" in self.weak
        number = self.cached[token] if cached else self.generation(part, record.offset)
        read = change.op == "r"
        placed = not read or {"read given a position", "position only"} & self.weak
        lsn = change.lsn if placed and not change.garbage else None
        return Mark((self.state.epoch, number, record.offset), lsn, read)

    def _apply(self, record: Record, part: int, token: Token) -> str:
        change = record.change
        if change is None:
            return "" if "tombstones not counted" in self.weak else "ignored"
        mark = self._mark(record, change, part, token)
        if change.key == TABLE:
            return self._truncate(change, mark, part)
        known = self.known(change.key)
        unguarded = change.op == "d" and "delete without guard" in self.weak
        opened, row = self.opened(change.key), self.state.rows.get(change.key)
        late = self._truncated_away(mark, part) and "an event older than the truncate is applied" not in self.weak
        if late or not (unguarded or all(self._may_write(mark, other) for other in known)):
            if "refused event heals a letter" in self.weak:
                self._heal(opened)
            return "superseded"
        if change.poison:
            return self._set_aside(change, mark, part)
        inside = change.after is not None and change.after.inside
        if change.partial and inside and self._must_wait(opened, row):
            return self._set_aside(change, mark, part)
        floor = self.floor([mark, *known])
        if change.op == "r" and "read clears the position" in self.weak:
            floor = None
        self._heal(opened)
        stamp = Mark(mark.off, floor, mark.read)
        return self._write(change, stamp, known) if inside else self._remove(change, stamp, known)

    def _truncate(self, change: Change, mark: Mark, part: int) -> str:
        """Everything older goes, in all partitions, rows and letters; what is older and comes later is refused."""
        state, known = self.state, self.state.truncated
        if known is not None and self._comparable(known.mark) and change.lsn <= known.change.lsn:
            if "a truncate sent again empties the table again" in self.weak:
                state.rows.clear()
            for letter in state.letters:  # what could not be decoded stands before it in this very partition
                letter.open &= not (letter.part == part and letter.change.garbage)
            return "superseded"
        state.truncated = Truncated(change, mark, part)
        if "a truncate removes every row" in self.weak:
            state.rows.clear()
        parts = len(state.checkpoints)
        for key in [key for key, (_, stamp) in state.rows.items() if self._truncated_away(stamp, key % parts)]:
            del state.rows[key]
        for letter in state.letters if "a truncate closes no letters" not in self.weak else []:
            garbage = letter.change.garbage  # without a position only its partition orders it
            letter.open &= not (letter.part == part if garbage else self._truncated_away(letter.mark, letter.part))
        return "applied"

    def _truncated_away(self, mark: Mark, part: int) -> bool:
        """A change is older by its position, a read by its generation."""
        known = self.state.truncated
        if known is None or not (self._comparable(known.mark) or "an old truncate holds in a new history" in self.weak):
            return False
        if "a truncate holds in its own partition only" in self.weak and part != known.part:
            return False
        if mark.read:
            of_any = "a truncate removes reads of later generations" in self.weak
            return of_any or mark.off[:2] <= known.mark.off[:2]
        if not self._comparable(mark):
            return True
        return mark.lsn is not None and mark.lsn < known.change.lsn

    def _must_wait(self, opened: list[Letter], row: tuple[Row, Mark] | None) -> bool:
        queued = bool(opened) and "partial not queued behind a letter" not in self.weak
        return queued or (row is None and "partial row inserted" not in self.weak)

    def _heal(self, opened: list[Letter]) -> None:
        for letter in opened:
            letter.open = False

    def _set_aside(self, change: Change, mark: Mark, part: int) -> str:
        if "poison dropped" not in self.weak:
            self.state.letters.append(Letter(change, mark, part))
        return "set_aside"

    def _write(self, change: Change, stamp: Mark, known: list[Mark]) -> str:
        after, row = change.after, self.state.rows.get(change.key)
        assert after is not None
        if after.big is None and row is not None and "partial placeholder written" not in self.weak:
            after = after._replace(big=row[0].big)
        if known and "create over a known key ignored" in self.weak and change.op == "c":
            return "superseded"
        self.state.rows[change.key] = (after, stamp)
        return "applied"

    def _remove(self, change: Change, stamp: Mark, known: list[Mark]) -> str:
        exits = change.op != "d"
        if exits and "filter exit not deleting" in self.weak:
            return "filtered"
        self.state.rows.pop(change.key, None)
        silent = "no tombstone" in self.weak or (exits and "filter exit without tombstone" in self.weak)
        if not silent and (known or change.op != "r"):
            self.state.tombstones[change.key] = stamp
        return "filtered" if exits else "applied"
