"""CI's part of the fault matrix: every class of fault, in two scenarios a host, each judged as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from overgrow.stack import Stack
from tests.faults.matrix import HOSTS, TABLE, Fault, Host, everything, hand, quick
from tests.faults.scenario import play

HALVES = 2
FAULTS, CLASSES = 60, 20  # what is promised of CI


def test_ci_plays_what_is_promised() -> None:
    played = [fault for host in HOSTS for fault in quick(host)]
    assert len(played) >= FAULTS
    assert {fault.kind for fault in played} == set(TABLE)
    assert len(TABLE) >= CLASSES


def test_the_table_comes_up_whole_before_any_of_it_comes_again() -> None:
    table = everything()
    size = 10
    dealt = [one for number in range(len(table)) for one in hand("faust", number=number, seed=1, size=size)]
    for deck in range(size):
        cards = dealt[deck * len(table) : (deck + 1) * len(table)]
        assert sorted((one.kind, one.point) for one in cards) == sorted(table)
    assert hand("faust", number=3, seed=1, size=size) == hand("faust", number=3, seed=1, size=size)
    assert hand("faust", number=3, seed=2, size=size) != hand("faust", number=3, seed=1, size=size)


@pytest.mark.stack
@pytest.mark.parametrize("half", range(HALVES))
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.timeout(900)
def test_nothing_is_lost_wrong_or_doubled(stack: Stack, tmp_path: Path, host: Host, half: int) -> None:
    faults = quick(host)[half::HALVES]
    stop = Fault("topic-recreated", "stopped", host, 1) if (host, half) == ("faust", 0) else None
    replay = f"pytest 'tests/faults/test_matrix.py::{test_nothing_is_lost_wrong_or_doubled.__name__}[{host}-{half}]'"
    result = play(stack, tmp_path, faults, replay=replay, stop=stop)
    assert result.problems() == [], "\n".join(result.problems())
    assert len(result.outcomes) == len(faults) + (stop is not None)
