"""The executable model of the delivery contract holds in every schedule, and no sentence of it can be left out."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.model import play
from tests.model.checks import Violation
from tests.model.world import profile_of

BOUND = 2400  # schedules within which a weakened contract must be found wrong

# The sentence left out, and the kind of schedule in which it matters ("": any).
WEAKENINGS = {
    "a claim is only a number": "",
    "a read keeps the position of an older history": "epochs",
    "a restored target learns of no later generation": "lost",
    "a truncate closes no letters": "",
    "a truncate holds in its own partition only": "",
    "a truncate removes every row": "",
    "a truncate removes reads of later generations": "lost",
    "a truncate sent again empties the table again": "",
    "adoption begins no epoch": "epochs",
    "adoption keeps the claims": "epochs",
    "adoption takes no snapshot": "epochs",
    "an event older than the truncate is applied": "",
    "an old truncate holds in a new history": "epochs",
    "boundary taken after the reads began": "lost",
    "checkpoint not in the same transaction": "",
    "checkpoint of the last record": "",
    "create over a known key ignored": "",
    "delete without guard": "",
    "filter exit not deleting": "",
    "filter exit without tombstone": "",
    "generation cached from the claim": "lost",
    "hole not detected": "",
    "letters not counted as stamps": "",
    "no claim check": "",
    "no sweep": "lost",
    "no tombstone": "",
    "no trim by record offset": "",
    "offset only": "",
    "partial not queued behind a letter": "",
    "partial placeholder written": "",
    "partial row inserted": "",
    "poison dropped": "",
    "position only": "",
    "positions compared across histories": "epochs",
    "positions forgotten at an epoch": "epochs",
    "read clears the position": "",
    "read given a position": "",
    "refused event heals a letter": "",
    "restored rows without their checkpoints": "",
    "sweep before the checkpoints have passed": "lost",
    "sweep leaves older letters open": "lost",
    "sweep takes keys with a new letter": "lost",
    "tombstones not counted": "",
}


def test_the_contract_holds(seeds: Iterable[int]) -> None:
    assert all(play.model(seed) > 0 for seed in seeds), "a schedule that commits nothing shows nothing"


@pytest.mark.parametrize("weakening", WEAKENINGS)
def test_a_weaker_contract_is_found_wrong(weakening: str) -> None:
    assert _first_broken(weakening) is not None, f"{BOUND} schedules and none of them noticed: {weakening}"


def _first_broken(weakening: str) -> int | None:
    wanted = WEAKENINGS[weakening]
    for seed in range(BOUND):
        if wanted not in ("", profile_of(seed).reads):
            continue
        try:
            play.model(seed, weak=frozenset({weakening}))
        except Violation:
            return seed
    return None


def test_a_schedule_is_replayed_exactly() -> None:
    told = []
    for _ in range(2):
        with pytest.raises(Violation) as broken:
            play.model(0, weak=frozenset({"tombstones not counted"}))
        told.append(str(broken.value))
    assert told[0] == told[1]
    assert "replay: pytest tests/model/test_contract.py::test_the_contract_holds --seed 0" in told[0]
