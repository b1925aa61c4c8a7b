"""`--seed N` replays one schedule; OVERGROW_SEEDS says how many a run takes."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

from tests.model import play

SEEDS = 600


def pytest_addoption(parser: pytest.Parser) -> None:
    """The replay option that a failing schedule prints."""
    parser.addoption("--seed", type=int, default=None, help="replay one schedule of tests/model")


@pytest.fixture
def seeds(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Iterable[int]:
    """The schedules of this run; one alone shows the whole of its trace."""
    one = pytestconfig.getoption("--seed", default=None)
    if one is not None:
        monkeypatch.setattr(play, "TAIL", 0)
    return range(int(os.environ.get("OVERGROW_SEEDS", SEEDS))) if one is None else [one]
