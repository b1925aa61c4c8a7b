"""The topics a pipeline has beside its tables' ones: what they are called and how they are kept.

Made by `apply` only. Called by provision and the worker's relay.
"""

from __future__ import annotations

from typing import Final

# A copy of what the target keeps for good: a year of it, for those who read topics. A letter holds a whole record and
# its cause, so it may be larger than the largest record of a table's topic (10 MiB).
DEAD_LETTER_SETTINGS: Final = {
    "cleanup.policy": "delete",
    "retention.ms": str(365 * 24 * 3600 * 1000),
    "max.message.bytes": str(12 * 1024 * 1024),
}


# What it holds must be there as long as the pipeline: the newest record of each key is kept.
CONTROL_SETTINGS: Final = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.5"}


def control(pipeline: str) -> str:
    """The record of epochs, generations and mapping versions; one partition."""
    return f"overgrow.{pipeline}.control"


def dead_letters(pipeline: str) -> str:
    """The topic to which set-aside records are relayed; one partition."""
    return f"overgrow.{pipeline}.dlq"
