"""What the model's target holds: stamps, letters, checkpoints, generations. Nouns only; the rules are in rules.py."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tests.model.source import Change, Row


class Mark(NamedTuple):
    """A stamp: how new the message (epoch, generation, offset), how new the change (None: no position), and whether a
    read wrote it.
    """

    off: tuple[int, int, int]
    lsn: int | None
    read: bool


class Token(NamedTuple):
    """A claim: the number alone may come twice, when the target is put back to an older copy."""

    number: int
    owner: int


NOBODY = Token(0, 0)


class Truncated(NamedTuple):
    """The newest TRUNCATE that was applied, and in which partition."""

    change: Change
    mark: Mark
    part: int


class Generation(NamedTuple):
    """A snapshot: where it begins in each partition, where it ends (None: not all of it was sent), and whether it was
    swept.
    """

    epoch: int
    number: int
    starts: tuple[int, ...]
    ends: tuple[int, ...] | None = None
    swept: bool = False


@dataclass(slots=True)
class Letter:
    """A dead letter."""

    change: Change
    mark: Mark
    part: int
    open: bool = True


@dataclass(slots=True)
class Checkpoint:
    """A partition's row; `token` is the claim, `start` where the epoch began."""

    next: int = 0
    token: Token = NOBODY
    start: int = 0
    books: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class State:
    """All of it: what a transaction changes and what a backup of the target holds."""

    rows: dict[int, tuple[Row, Mark]] = field(default_factory=dict)
    tombstones: dict[int, Mark] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    generations: list[Generation] = field(default_factory=list)  # of this epoch; the last one is the newest
    ranges: list[tuple[int, int, int]] = field(default_factory=list)  # (part, start, end), of this epoch
    truncated: Truncated | None = None
    epoch: int = 1
    history: int = 1  # the epoch with which the source's history began: positions compare from there on

    def copy(self) -> State:
        """A backup."""
        return replace(
            self,
            rows=dict(self.rows),
            tombstones=dict(self.tombstones),
            letters=[replace(letter) for letter in self.letters],
            checkpoints=[replace(row, books=row.books.copy()) for row in self.checkpoints],
            generations=list(self.generations),
            ranges=list(self.ranges),
        )
