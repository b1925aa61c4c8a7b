"""A scenario: one pipeline, live writes all the time, one fault after the other, each followed by the wait until every
partition moves again; at the end one judgement of everything.

Guarantees: a fault from which nothing recovers is an outcome, not the end of the run; the rows are judged all the same.
Called by `test_matrix.py` and by `evidence.py`; a scenario that was not clean says the command that plays it again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from overgrow.stack import Stack
from tests.faults.acts import ACTS
from tests.faults.acts.log import topic_recreated
from tests.faults.judge import Findings, inspect
from tests.faults.matrix import Fault, Host
from tests.faults.scene import Scene, played

RECOVERED, REFUSED = "recovered", "refused by name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one fault ended; `seconds` until every partition moved again, None if it never did or must not."""

    fault: Fault
    outcome: str
    seconds: float | None
    why: str = ""


@dataclass(slots=True)
class Result:
    """A whole scenario. `findings` None: it could not even be drained, `unjudged` says why."""

    host: Host
    replay: str
    outcomes: list[Outcome] = field(default_factory=list)
    findings: Findings | None = None
    unjudged: str = ""
    seconds: float = 0.0

    def problems(self) -> list[str]:
        """Everything that must not be; empty is what is promised."""
        bad = [f"{one.fault.kind} at {one.fault.point or 'any moment'}: {one.why}" for one in self.outcomes if one.why]
        if self.findings is None:
            bad.append(f"it could not be judged: {self.unjudged}")
        else:
            bad += self.findings.problems
        return [*bad, f"play it again: {self.replay}"] if bad else []


def play(
    stack: Stack,
    folder: Path,
    faults: Sequence[Fault],
    *,
    replay: str,
    stop: Fault | None = None,
    say: Callable[[str], None] = print,
) -> Result:
    """Play `faults` in order, judge; then `stop`, a fault that a pipeline does not outlive."""
    began, host = time.monotonic(), faults[0].host
    result = Result(host, replay)
    with played(stack, folder, host=host, seed=faults[0].seed) as scene:
        for one in _outcomes(scene, faults):
            result.outcomes.append(one)
            shown = "" if one.seconds is None else f" {one.seconds:.1f} s"
            say(f"{host}: {one.fault.kind} {one.fault.point} {one.outcome}{shown} {one.why}".rstrip())
        result.findings, result.unjudged = _judged(scene)
        if stop is not None and result.findings is not None:
            result.outcomes.append(_stopped(scene, stop))
        for worker in scene.pipeline.workers:
            worker.expected = True  # what ended unasked has been said
    result.seconds = time.monotonic() - began
    return result


def _outcomes(scene: Scene, faults: Iterable[Fault]) -> Iterable[Outcome]:
    try:
        scene.settle()
    except AssertionError:
        return  # nothing was played; the judgement says why nothing can be
    for fault in faults:
        dice = random.Random(fault.seed)  # noqa: S311 - the same every time
        try:
            scene.whole()
            seconds = ACTS[fault.kind](scene, fault, dice)
            yield Outcome(fault=fault, outcome=RECOVERED, seconds=seconds)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is this fault's outcome
            yield Outcome(fault=fault, outcome="not recovered", seconds=None, why=f"{type(error).__name__}: {error}")
            scene.afresh()


def _judged(scene: Scene) -> tuple[Findings | None, str]:
    try:
        scene.whole()
        scene.stop_writing()
        return inspect(scene.pipeline), ""
    except Exception as error:  # noqa: BLE001 - said in the result, with the command that plays it again
        return None, f"{type(error).__name__}: {error}"


def _stopped(scene: Scene, fault: Fault) -> Outcome:
    try:
        topic_recreated(scene)
    except AssertionError as error:
        return Outcome(fault=fault, outcome="not refused", seconds=None, why=str(error))
    return Outcome(fault=fault, outcome=REFUSED, seconds=None)
