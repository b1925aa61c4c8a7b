"""What the operator's commands do to the model's target: begin a generation, sweep it, adopt an epoch, put a copy back.

Written from the delivery contract (rules 3 and 5); each act is one transaction under every checkpoint's lock. Called by
the operator.
"""

from __future__ import annotations

from typing import Literal

from tests.model.rules import ModelSink
from tests.model.target import NOBODY, Checkpoint, Generation, State


def begin(sink: ModelSink, starts: tuple[int, ...]) -> Generation:
    """The next generation begins at `starts`."""
    state = sink.state
    found = Generation(state.epoch, len(state.generations), starts)
    state.generations.append(found)
    return found


def learn(sink: ModelSink, known: list[Generation]) -> list[Generation]:
    """A target that was put back hears of the generations it has forgotten; which."""
    state, weak = sink.state, "a restored target learns of no later generation" in sink.weak
    news = [] if weak else [found for found in known[len(state.generations) :] if found.epoch == state.epoch]
    state.generations += [found._replace(swept=False) for found in news]
    return news


def arrived(sink: ModelSink, ends: tuple[int, ...]) -> None:
    """The newest generation's snapshot was sent whole: it ends at `ends`."""
    generations = sink.state.generations
    if generations[-1].ends is None:
        generations[-1] = generations[-1]._replace(ends=ends)


def due(sink: ModelSink) -> bool:
    """Whether the newest generation is to be swept: every checkpoint has passed the end of its snapshot."""
    found, early = sink.state.generations[-1], "sweep before the checkpoints have passed" in sink.weak
    first = found.number == 0 and found.epoch == 1
    if found.ends is None or found.swept or first or "no sweep" in sink.weak:
        return False
    return early or all(row.next >= end for row, end in zip(sink.state.checkpoints, found.ends, strict=True))


def sweep(sink: ModelSink) -> list[int]:
    """Rows that the generation has not shown go, unless a letter of it stands for them; older letters are closed.

    What the rows' keys have left below them goes as well: a batch that was compacted has left nothing there.
    """
    state, found = sink.state, sink.state.generations[-1]
    base = (found.epoch, found.number)
    kept = {letter.change.key for letter in state.letters if letter.open and letter.mark.off[:2] >= base}
    if "sweep takes keys with a new letter" in sink.weak:
        kept.clear()
    gone = [key for key, (_, mark) in state.rows.items() if mark.off[:2] < base and key not in kept]
    for key in gone:
        del state.rows[key]
        state.tombstones.pop(key, None)
    for letter in state.letters if "sweep leaves older letters open" not in sink.weak else []:
        letter.open &= letter.mark.off[:2] >= base
    state.generations[-1] = found._replace(swept=True)
    return gone


def adopt(sink: ModelSink, starts: tuple[int, ...], *, history: Literal["same", "new"]) -> None:
    """A new epoch: new checkpoints at `starts`, every claim is void; its generation 0 is a snapshot to be swept.

    `history` "new": the source's log began anew.
    """
    state = sink.state
    if "adoption begins no epoch" not in sink.weak:
        state.epoch += 1
    number = 1 + max(row.token.number for row in state.checkpoints)
    tokens = [row.token for row in state.checkpoints]
    void = [NOBODY._replace(number=number)] * len(starts)
    if "adoption keeps the claims" in sink.weak:
        void[: len(tokens)] = tokens
    state.checkpoints = [Checkpoint(start, token, start) for start, token in zip(starts, void, strict=True)]
    state.generations = [Generation(state.epoch, 0, starts)]
    state.ranges = []
    if history == "new":
        state.history = state.epoch


def restore(sink: ModelSink, copy: State) -> None:
    """The target is what it was; with the contract, all of it."""
    forgets = "restored rows without their checkpoints" in sink.weak
    checkpoints, ranges = sink.state.checkpoints, sink.state.ranges
    sink.state = copy.copy()
    if forgets:
        sink.state.checkpoints, sink.state.ranges = checkpoints, ranges
