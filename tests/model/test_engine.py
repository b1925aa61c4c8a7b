"""The real engine under the model's schedules: its target equals the model's after every chunk, however it was cut."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.model import play
from tests.model.checks import Violation
from tests.model.mutants_fold import FOLDS
from tests.model.mutants_generations import GENERATIONS
from tests.model.mutants_sink import SINKS
from tests.model.world import profile_of

BOUND = 2400  # schedules within which a broken engine must be found
MUTANTS = {**SINKS, **FOLDS, **GENERATIONS}


def test_the_engine_equals_the_model(seeds: Iterable[int]) -> None:
    assert all(play.engine(seed) > 0 for seed in seeds), "a schedule that commits nothing shows nothing"


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_engine_is_found(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = _first_broken(mutant, monkeypatch)
    assert broken is not None, f"{BOUND} schedules and none of them noticed: {mutant}"
    play.engine(broken)  # the same schedule passes with the engine as it is


def _first_broken(mutant: str, monkeypatch: pytest.MonkeyPatch) -> int | None:
    with monkeypatch.context() as patch:
        only, build = MUTANTS[mutant]
        twin = build(patch)
        for seed in range(BOUND):
            profile = profile_of(seed)
            if only not in ("", profile.reads):
                continue
            try:
                play.engine(seed, twin(rereads=profile.rereads))
            except Violation:
                return seed
    return None
