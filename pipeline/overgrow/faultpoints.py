"""Named places where a fault is worth trying. In production each is one comparison and does nothing.

Only test code arms them (`tests/faults/armed_worker.py`): with something that kills, freezes, delays or disconnects. A
point is named for what has just happened, or is about to; the order within one chunk is the order below.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal, get_args

Point = Literal[
    "before_claim",  # partitions are assigned, nothing is claimed
    "after_claim",  # claimed in the target, not sought yet
    "after_fetch",  # a chunk is in the worker's hand
    "after_stage",  # copied into the session's stage; no lock is held
    "after_lock",  # the checkpoint row is locked, and ours
    "before_commit",  # everything is written, nothing is committed
    "after_commit",  # committed, and nobody has been told
    "before_ack",  # the engine is done; neither Kafka nor the host knows
]
POINTS: Final = get_args(Point)

Action = Callable[[Point], Awaitable[None]]

_action: Action | None = None


def arm(action: Action | None) -> None:
    """Call `action` at every point from now on; None: no more."""
    global _action  # noqa: PLW0603 - one process, one harness
    _action = action


async def reached(point: Point) -> None:
    """Say that this point is reached."""
    if _action is not None:
        await _action(point)
