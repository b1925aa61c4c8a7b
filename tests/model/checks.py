"""What must hold in every schedule: looked at after each transaction of the target, and once everything is drained.

Knows the source's whole history, so it needs no stamp to tell an older version from a newer one. Called by the world.
"""

from __future__ import annotations

from tests.model.connector import Log
from tests.model.rules import ModelSink
from tests.model.source import Change, Row, Source


class Violation(AssertionError):
    """The contract was broken."""


class Checks:
    """Invariants over a run."""

    def __init__(self, source: Source, logs: list[Log], sink: ModelSink) -> None:
        self.source, self.logs, self.sink = source, logs, sink
        self.seen = dict.fromkeys(source.history, 0)  # highest version each key has shown, or set aside
        self.ranges = 0

    def after_commit(self, part: int, owner: int) -> None:
        """No fenced worker writes, ranges tile, no key goes back, no row mixes versions."""
        if self.sink.commits[-1] != (part, owner):
            raise Violation(f"part {part}: a fenced worker committed {self.sink.commits[-1]}, the owner is {owner}")
        self._tiles(part)
        # A blocking re-snapshot reads ahead of the stream: rows go back for a moment and mix versions (stamps.md).
        if self.source.profile.reads != "blocking":
            for key in self.source.history:
                if key % len(self.logs) == part:
                    self._forward(key)

    def _tiles(self, part: int) -> None:
        mine = [(start, end) for other, start, end in self.sink.ranges if other == part]
        if mine[-1][0] != (mine[-2][1] if len(mine) > 1 else 0):
            raise Violation(f"part {part}: ranges {mine[-2:]} do not tile")

    def _forward(self, key: int) -> None:
        states, held, seen = self.source.history[key], self.sink.rows.get(key), self.seen[key]
        letters = self.sink.opened(key)
        if self.source.profile.rereads and any(x.change.garbage and x.change.key == key for x in self.sink.letters):
            return  # its position is lost with its bytes: a read after it stands on the floor before it
        if held is None and letters:
            rank = seen  # absent because of the letter: shows nothing
        elif held is None:
            later = [rank for rank, state in enumerate(states) if rank >= seen and (state is None or not state.inside)]
            rank = later[0] if later else -1
        else:
            rank = next(rank for rank, state in enumerate(states) if state and state.version == held[0].version)
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
        for log, row in zip(self.logs, self.sink.checkpoints, strict=True):
            books = row.books
            fates = sum(books[fate] for fate in ("applied", "superseded", "filtered", "set_aside", "ignored"))
            if not books["received"] == fates == len(log.records) or row.next != log.end:
                raise Violation(f"part {log.part}: {dict(books)}, the log has {len(log.records)}, ends at {log.end}")

    def _final(self, key: int, state: Row | None, last: Change | None) -> None:
        letters, held = self.sink.opened(key), self.sink.rows.get(key)
        poison = last.poison if last else bool(state and state.inside and state.bad)
        if poison and not letters and not (last and last.garbage and self.source.profile.rereads):  # a read heals it
            raise Violation(f"key {key}: its last change {last} is poison and no letter is open")
        if letters and not poison and not (last and last.partial):
            raise Violation(f"key {key}: letter {letters} open although {last} came after it")
        if letters:
            return
        want = state if state and state.inside else None
        if (held and held[0]) != want:
            raise Violation(f"key {key}: the target shows {held}, the source {state}")
        deleted = last is not None and last.after is None
        if last and deleted and self.sink.tombstones.get(key, (0, None))[1] != last.lsn:
            raise Violation(f"key {key}: deleted at {last.lsn}, tombstone {self.sink.tombstones.get(key)}")
