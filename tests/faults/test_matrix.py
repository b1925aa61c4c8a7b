"""CI's part of the fault matrix: every class of fault, in two scenarios a host, each judged as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from overgrow.stack import Stack
from tests.faults.matrix import HOSTS, Fault, Host, quick
from tests.faults.scenario import play

pytestmark = pytest.mark.stack
HALVES = 2


@pytest.mark.parametrize("half", range(HALVES))
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.timeout(600)
def test_nothing_is_lost_wrong_or_doubled(stack: Stack, tmp_path: Path, host: Host, half: int) -> None:
    faults = quick(host)[half::HALVES]
    stop = Fault("topic-recreated", "stopped", host, 1) if (host, half) == ("faust", 0) else None
    replay = f"pytest 'tests/faults/test_matrix.py::{test_nothing_is_lost_wrong_or_doubled.__name__}[{host}-{half}]'"
    result = play(stack, tmp_path, faults, replay=replay, stop=stop)
    assert result.problems() == [], "\n".join(result.problems())
    assert len(result.outcomes) == len(faults) + (stop is not None)
