"""The schedule's randomness: three draws that cost one random number each. Called by everything that acts by chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice(random.Random):
    """A seeded generator; the same seed gives the same schedule."""

    def below(self, count: int) -> int:
        """0 to `count` - 1."""
        return int(self.random() * count)

    def between(self, low: int, high: int) -> int:
        """`low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of them."""
        return items[int(self.random() * len(items))]
