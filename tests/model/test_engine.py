"""The real engine under the model's schedules: its target equals the model's after every chunk, however it was cut."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from overgrow import errors
from tests.model import play
from tests.model.checks import Violation
from tests.model.mutants import MUTANTS
from tests.model.world import profile_of

# The engine is wrong about the sequences in tests/unit/apply/test_together.py (FAULTS); strict: goes with them.
BOUND = 400  # schedules within which a broken engine must be found


def test_the_engine_equals_the_model(seeds: Iterable[int]) -> None:
    for seed in seeds:
        play.engine(seed)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_engine_is_found(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = _first_broken(mutant, monkeypatch)
    assert broken is not None, f"{BOUND} schedules and none of them noticed: {mutant}"
    play.engine(broken)  # the same schedule passes with the engine as it is


def _first_broken(mutant: str, monkeypatch: pytest.MonkeyPatch) -> int | None:
    with monkeypatch.context() as patch:
        twin = MUTANTS[mutant](patch)
        for seed in range(BOUND):
            try:
                play.engine(seed, twin(profile_of(seed).rereads))
            except (Violation, errors.ReplicationError, RuntimeError):  # RuntimeError: the books do not balance
                return seed
    return None
