"""Sequences that a batch once ended differently from its events one by one; each was found by a schedule."""

from __future__ import annotations

import pytest

from overgrow.model import Chunk
from tests.model.source import Change
from tests.model.twin import Twin, finish
from tests.model.wire import PARTS
from tests.unit.apply.events import chunk, delete, garbage, image, read, update

IN, OUT, BAD = image(1), image(2, inside=False), image(3, bad="translate")
DATA = image(4, bad="data")


def part(version: int, *, inside: bool = True) -> Change:
    """A partial row at position `version`."""
    return update(version, image(version, big=None, inside=inside))


# before (one by one), then the batch
SEQUENCES: dict[str, tuple[tuple[Change, ...], tuple[Change, ...]]] = {
    "a partial row behind poison of its batch": ((update(10, IN),), (update(20, BAD), part(30))),
    "a partial row behind what the target refuses": ((update(10, IN),), (update(20, DATA), part(30))),
    "a partial row behind undecodable bytes": ((update(10, IN),), (garbage(), part(30))),
    "a partial row that leaves the filter behind poison": (
        (update(10, IN),),
        (update(20, BAD), part(30, inside=False)),
    ),
    "a partial row behind poison that the row outdates": (
        (update(10, IN), update(50, IN), read(IN)),
        (update(20, BAD), part(50), part(60)),
    ),
    "a partial row behind poison that a refused re-send does not heal": (
        (update(50, IN),),
        (read(DATA), update(40, IN), part(50)),
    ),
    "undecodable bytes that a refused re-send does not heal": ((update(50, IN),), (garbage(), update(40, IN))),
    "a read outside the filter after a delete of its batch": ((), (delete(20), read(OUT))),
    "a read outside the filter after a filter exit of its batch": ((), (update(20, OUT), read(OUT))),
    "a read outside the filter after poison of its batch": ((), (update(20, BAD), read(OUT))),
    "a read outside the filter after poison": ((update(20, BAD),), (read(OUT),)),
    "a read after poison": ((update(20, BAD),), (read(IN),)),
    "a refused event after a read": ((update(50, IN),), (read(image(9)), update(40, IN))),
    "a re-send below poison": ((update(10, IN),), (update(30, BAD), update(20, IN))),
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_a_batch_equals_its_events_one_by_one(case: str) -> None:
    before, together = SEQUENCES[case]
    one, all_at_once = _engine(*before), _engine(*before)
    at = len(before)
    for offset, event in enumerate(together, start=at):
        one.feed(chunk(event, start=offset))
    all_at_once.feed(chunk(*together, start=at))
    for low in (15, 25):  # and nothing older gets past what either has kept
        assert one.view() == all_at_once.view()
        for engine in (one, all_at_once):
            engine.feed(chunk(update(low, image(77)), start=at + len(together) + low))
    assert one.view() == all_at_once.view()


class _Driven:
    """An engine on a memory sink."""

    def __init__(self) -> None:
        self.twin = Twin(rereads=True)
        self.claim = finish(self.twin.memory.claim([PARTS[0]]))[PARTS[0]].claim

    def feed(self, fed: Chunk) -> None:
        """Feed a chunk wherever the checkpoint stands."""
        self.twin.memory.state.checkpoints[PARTS[0]].next_offset = fed.start
        finish(self.twin.engine.feed(fed, self.claim))

    def view(self) -> tuple[object, ...]:
        """Rows, and whether a letter is open."""
        state = self.twin.memory.state
        rows = {key: cell.fields for key, cell in state.rows.items()}
        return rows, any(filed.open for filed in state.letters)


def _engine(*before: Change) -> _Driven:
    driven = _Driven()
    for offset, event in enumerate(before):
        driven.feed(chunk(event, start=offset))
    return driven
