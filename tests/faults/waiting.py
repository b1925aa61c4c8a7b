"""Wait for a condition, never for a time. A wait that ends in vain says what stood where."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.05


class StoodStill(AssertionError):
    """The condition did not come true within its bound."""


def until(condition: Callable[[], T], what: str, state: Callable[[], str], *, seconds: float = 120.0) -> T:
    """Poll until `condition` gives something true, and return that; `state` is what the failure shows."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise StoodStill(f"{what}: not within {seconds:g} s\n{state()}")
        time.sleep(POLL_SECONDS)
    return found
