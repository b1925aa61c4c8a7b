"""CI's part of `deliveries.py`: a few ways to deliver the same ten thousand changes."""

from __future__ import annotations

import pytest

from overgrow.stack import Endpoints
from tests.faults.deliveries import EVENTS, changes, digest_of, ground

pytestmark = pytest.mark.stack
WAYS = 4


def test_the_same_changes_end_in_the_same_target(endpoints: Endpoints) -> None:
    history = changes(1)
    assert len(history) == EVENTS
    with ground(endpoints.target_dsn) as where:
        ended = [where.deliver(history, seed) for seed in range(WAYS)]
    assert [one.problems for one in ended] == [[]] * WAYS
    assert all(one.again > 0 for one in ended), "nothing was sent again: this shows nothing"
    assert {one.digest for one in ended} == {digest_of(history)}
