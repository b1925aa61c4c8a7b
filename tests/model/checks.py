"""What must hold in every schedule: looked at after each transaction of the target, and once everything is drained.

Knows the source's whole history, so it needs no stamp to tell an older version from a newer one. Called by the world
and the operator.
"""

from __future__ import annotations

from tests.model.connector import Log
from tests.model.rules import ModelSink
from tests.model.source import Change, Row, Source
from tests.model.target import Letter, Token


class Violation(AssertionError):
    """The contract was broken."""


class Checks:
    """Invariants over a run."""

    def __init__(self, source: Source, logs: list[Log], sink: ModelSink) -> None:
        self.source, self.logs, self.sink = source, logs, sink
        self.seen = dict.fromkeys(source.history, 0)  # highest version each key has shown, or set aside
        self.streamed = dict(self.seen)  # highest version that the stream itself has written
        # A snapshot that reads ahead of the stream: rows go back for a moment and mix versions (stamps.md).
        self.forward = source.profile.reads not in ("blocking", "kept")

    def lost(self) -> None:
        """Records are lost with their topic: until all is drained, rows may mix versions."""
        self.forward = False

    def after_commit(self, part: int, owner: Token) -> None:
        """No fenced worker writes, ranges tile, no key goes back, no row mixes versions."""
        if self.sink.commits[-1] != (part, owner):
            raise Violation(f"part {part}: a fenced worker committed {self.sink.commits[-1]}, the owner is {owner}")
        self._tiles(part)
        for key in self.source.history:
            if key % len(self.logs) == part and not self._confused(key):
                self._not_behind_the_stream(key)
                self._not_before_a_truncate(key)
                if self.forward:
                    self._forward(key)

    def after_truncate(self) -> None:
        """What was there before it is not shown any more, in any partition."""
        known, rows = self.sink.state.truncated, self.sink.state.rows
        self.streamed.update({key: 0 for key in self.streamed if key not in rows})
        if known is None or not self.forward:
            return
        for key, rank in self.source.truncates[known.change.rank].items():
            self.seen[key] = max(self.seen[key], rank)
            if not self._confused(key):
                self._forward(key)

    def after_sweep(self, gone: dict[int, Row]) -> None:
        """Only what the source has deleted, or moved out of the filter, may go."""
        for key, row in gone.items():
            states = self.source.history[key]
            later = states[self._rank(key, row) :]
            self.streamed[key] = 0  # its position has gone with it
            if all(state is not None and state.inside for state in later):
                raise Violation(f"key {key}: swept {row}, the source has it: {states}")

    def _tiles(self, part: int) -> None:
        mine = [(start, end) for other, start, end in self.sink.state.ranges if other == part]
        if mine[-1][0] != (mine[-2][1] if len(mine) > 1 else self.sink.state.checkpoints[part].start):
            raise Violation(f"part {part}: ranges {mine[-2:]} do not tile")

    def _rank(self, key: int, row: Row) -> int:
        return next(rank for rank, state in enumerate(self.source.history[key]) if state and state[0] == row.version)

    def _confused(self, key: int) -> bool:
        """A position was lost with its bytes: a read after it stands on the floor before it."""
        garbage = any(x.change.garbage and x.change.key == key for x in self.sink.state.letters)
        return garbage and self.source.profile.reads != "initial"

    def _not_behind_the_stream(self, key: int) -> None:
        """However far a snapshot has read ahead: what the stream has written once, nothing older replaces."""
        held = self.sink.state.rows.get(key)
        if held is None:
            return
        rank = self._rank(key, held[0])
        if rank < self.streamed[key]:
            raise Violation(f"key {key}: shows version {rank}, the stream had written {self.streamed[key]}: {held}")
        if not held[1].read:
            self.streamed[key] = rank

    def _not_before_a_truncate(self, key: int) -> None:
        """What an applied TRUNCATE has removed stays away, whoever brings it again."""
        held, known = self.sink.state.rows.get(key), self.sink.state.truncated
        if held is not None and known is not None:
            rank, emptied = self._rank(key, held[0]), self.source.truncates[known.change.rank][key]
            if rank < emptied:
                raise Violation(f"key {key}: shows version {rank}, a truncate had emptied it at {emptied}: {held}")

    def _forward(self, key: int) -> None:
        states, held, seen = self.source.history[key], self.sink.state.rows.get(key), self.seen[key]
        letters = self.sink.opened(key)
        if held is None and letters:
            rank = seen  # absent because of the letter: shows nothing
        elif held is None:
            later = [rank for rank, state in enumerate(states) if rank >= seen and (state is None or not state.inside)]
            rank = later[0] if later else -1
        else:
            rank = self._rank(key, held[0])
            if states[rank] != held[0]:
                raise Violation(f"key {key}: row {held[0]} mixes versions, the source had {states[rank]}")
        if rank < seen and not letters:
            raise Violation(f"key {key}: shows version {rank} of {states}, has seen {seen}; row {held}")
        # A letter without a position (a read, undecodable bytes) may be healed by a re-send before it comes again.
        self.seen[key] = max([seen, rank, *(letter.change.rank for letter in letters if letter.mark.lsn is not None)])

    def drained(self) -> None:
        """Target equals source through the mapping, letters explained, tombstones there, books balanced."""
        for key, states in self.source.history.items():
            self._final(key, states[-1], self.source.last.get(key))
        for log, row in zip(self.logs, self.sink.state.checkpoints, strict=True):
            books = row.books
            fates = sum(books[fate] for fate in ("applied", "superseded", "filtered", "set_aside", "ignored"))
            sent = sum(record.offset >= row.start for record in log.records)
            if not books["received"] == fates == sent or row.next != log.end:
                raise Violation(f"part {log.part}: {dict(books)}, the log has {sent}, ends at {log.end}")

    def _final(self, key: int, state: Row | None, last: Change | None) -> None:
        letters, held = self.sink.opened(key), self.sink.state.rows.get(key)
        again = self.source.profile.reads != "initial"
        poison = last.poison if last else bool(state and state.inside and state.bad)
        if poison and not letters and not (last and last.garbage and again):  # a read heals it
            raise Violation(f"key {key}: its last change {last} is poison and no letter is open")
        if letters and not poison and not (last and (last.partial or self._beyond_a_truncate(last, letters))):
            raise Violation(f"key {key}: letter {letters} open although {last} came after it")
        if letters:
            return
        want = state if state and state.inside else None
        if (held and held[0]) != want:
            raise Violation(f"key {key}: the target shows {held}, the source {state}")
        if last and last.op == "d" and self._buried(key) != last.lsn and self._arrived(last):
            raise Violation(f"key {key}: deleted at {last.lsn}, tombstone {self.sink.state.tombstones.get(key)}")

    def _arrived(self, change: Change) -> bool:
        """Whether the change is in what the target has read, and not lost with its topic."""
        starts = [row.start for row in self.sink.state.checkpoints]
        return any(x.change is change and x.offset >= starts[log.part] for log in self.logs for x in log.records)

    def _buried(self, key: int) -> int | None:
        mark = self.sink.state.tombstones.get(key)
        return mark.lsn if mark else None

    def _beyond_a_truncate(self, last: Change, letters: list[Letter]) -> bool:
        """Undecodable bytes of another partition than the truncate's, or sent again after it: nothing orders them."""
        known = self.sink.state.truncated
        if known is None or last.op != "t":
            return False
        return all(x.change.garbage and (x.part != known.part or x.mark.off > known.mark.off) for x in letters)
