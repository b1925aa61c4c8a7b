"""The engine's target against the model's: rows, stamps, floors, open letters, checkpoints, ranges, truncation.

Guarantees: what differs here may behave differently later; what cannot matter any more (positions below a truncate, or
of an older source history) is left out on both sides. Called by the twin.
"""

from __future__ import annotations

from typing import NamedTuple

from overgrow.model import Stamp
from overgrow.sinks.memory import State
from tests.model.checks import Violation
from tests.model.rules import ModelSink
from tests.model.target import Mark
from tests.model.wire import part_of

GENERATION = 1 << 48
EPOCH = 1 << 56


class Known(NamedTuple):
    """A stamp of either side."""

    off: int
    lsn: int | None
    read: bool


class View(NamedTuple):
    """What a target knows of a key."""

    row: tuple[int, str] | None
    stamp: Known | None
    tombstone: Known | None
    letters: tuple[Known, ...]


class Horizon(NamedTuple):
    """Below it nothing matters: where the source's history begins, and the newest truncate in it."""

    history: int
    off: int | None
    lsn: int

    def position(self, known: Known) -> int | None:
        """The position, if it still counts."""
        counts = known.off >= self.history and known.lsn is not None and (self.off is None or known.lsn >= self.lsn)
        return known.lsn if counts else None


def compare(engine: State, sink: ModelSink, *parts: int) -> None:
    """Raise where they differ; ranges and books of `parts` only."""
    model = sink.state
    for part, row in enumerate(model.checkpoints):
        at = engine.checkpoints[part_of(part)].next_offset
        if at != row.next:
            raise Violation(f"part {part}: the engine's checkpoint is at {at}, the model's at {row.next}")
    for part in parts:
        _compare_books(engine, sink, part)
    truncated = model.truncated and (_known(model.truncated.mark).off, model.truncated.change.lsn)
    if engine.truncation != truncated:
        raise Violation(f"truncated: the engine {engine.truncation}, the model {truncated}")
    if engine.history_from // EPOCH not in (0, model.history):
        raise Violation(f"source history: the engine's from {engine.history_from:x}, the model's {model.history}")
    counts = truncated is not None and truncated[0] >= engine.history_from
    horizon = (
        Horizon(engine.history_from, *truncated) if counts and truncated else Horizon(engine.history_from, None, 0)
    )
    opened: dict[str, list[Known]] = {}
    for filed in engine.letters:
        if filed.open and filed.letter.key is not None:
            opened.setdefault(filed.letter.key, []).append(_stamped(filed.stamp))
    keys = {cell.key for cell in engine.rows.values()} | set(engine.tombstones) | set(opened)
    keys |= {str(key) for key in (*model.rows, *model.tombstones, *(x.change.key for x in model.letters if x.open))}
    for key in keys:
        ours = _told(_engine_view(engine, key, opened.get(key, [])), horizon)
        theirs = _told(_model_view(sink, int(key)), horizon)
        if ours != theirs:
            raise Violation(f"key {key}: the engine has {ours}, the model {theirs}")


def _compare_books(engine: State, sink: ModelSink, part: int) -> None:
    row, model = engine.checkpoints[part_of(part)], sink.state.checkpoints[part]
    ours = [(start, end) for at, start, end in engine.ranges if at == part_of(part)]
    if not _tile(ours, model.start, row.next_offset):
        raise Violation(f"part {part}: the engine's ranges {ours[-3:]} do not tile {model.start} to {row.next_offset}")
    books, model_books = row.books, model.books
    if books.balance or books.received != model_books["received"] or books.ignored != model_books["ignored"]:
        raise Violation(f"part {part}: the engine's {books}, the model's {dict(model_books)}")


def _tile(ranges: list[tuple[int, int]], start: int, at: int) -> bool:
    """Ranges follow each other to the checkpoint; the engine may take a chunk in several transactions."""
    return [start, *(end for _, end in ranges)] == [*(begin for begin, _ in ranges), at]


def _told(view: View, horizon: Horizon) -> tuple[object, ...]:
    """Row, who wrote it (or buried it), the floor, and whether letters are open."""
    dead = view.tombstone
    if dead is not None and horizon.position(dead) is None:
        dead = None  # it refuses nothing: a position below the horizon; no older offset comes in this generation
    last = view.stamp or dead
    stamps = [known for known in (view.stamp, dead, *view.letters) if known is not None]
    floor = max((at for known in stamps if (at := horizon.position(known)) is not None), default=None)
    return view.row, last and (last.off, last.read), floor, bool(view.letters)


def _known(mark: Mark) -> Known:
    epoch, generation, offset = mark.off
    return Known(epoch * EPOCH + generation * GENERATION + offset, mark.lsn, mark.read)


def _stamped(stamp: Stamp) -> Known:
    return Known(stamp.off, stamp.lsn, stamp.xid is None)


def _engine_view(engine: State, key: str, letters: list[Known]) -> View:
    cell, dead = engine.rows.get(f"u{key}"), engine.tombstones.get(key)
    row = None if cell is None else (int(cell.fields[1]), cell.fields[2])
    stamp = None if cell is None else _stamped(cell.stamp)
    return View(row, stamp, None if dead is None else _stamped(dead), tuple(letters))


def _model_view(sink: ModelSink, key: int) -> View:
    held, dead = sink.state.rows.get(key), sink.state.tombstones.get(key)
    row = None if held is None else (held[0].version, f"b{held[0].big}")
    stamp = None if held is None else _known(held[1])
    letters = tuple(_known(letter.mark) for letter in sink.opened(key))
    return View(row, stamp, None if dead is None else _known(dead), letters)
