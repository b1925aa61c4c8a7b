"""The executable model of the delivery contract holds in every schedule, and no sentence of it can be left out."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.model import play
from tests.model.checks import Violation

BOUND = 1500  # schedules within which a weakened contract must be found wrong

WEAKENINGS = (
    "checkpoint not in the same transaction",
    "checkpoint of the last record",
    "create over a known key ignored",
    "delete without guard",
    "filter exit not deleting",
    "filter exit without tombstone",
    "hole not detected",
    "letters not counted as stamps",
    "no claim check",
    "no tombstone",
    "no trim by record offset",
    "offset only",
    "partial not queued behind a letter",
    "partial placeholder written",
    "partial row inserted",
    "poison dropped",
    "position only",
    "read clears the position",
    "read given a position",
    "refused event heals a letter",
    "tombstones not counted",
)


def test_the_contract_holds(seeds: Iterable[int]) -> None:
    for seed in seeds:
        play.model(seed)


@pytest.mark.parametrize("weakening", WEAKENINGS)
def test_a_weaker_contract_is_found_wrong(weakening: str) -> None:
    for seed in range(BOUND):
        try:
            play.model(seed, weak=frozenset({weakening}))
        except Violation:
            return
    pytest.fail(f"{BOUND} schedules and none of them noticed: {weakening}")


def test_a_schedule_is_replayed_exactly() -> None:
    told = []
    for _ in range(2):
        with pytest.raises(Violation) as broken:
            play.model(0, weak=frozenset({"tombstones not counted"}))
        told.append(str(broken.value))
    assert told[0] == told[1]
    assert "replay: pytest tests/model/test_contract.py::test_the_contract_holds --seed 0" in told[0]
