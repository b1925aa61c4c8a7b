"""Which faults there are, and which of them a scenario plays: a pure, seeded list.

Guarantees: the same host, seed and size give the same faults in the same order; every fault of the table comes up once
before any comes up again. Knows nothing of how a fault is done (`acts/`) or how it ended (`scenario.py`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple

from overgrow.faultpoints import POINTS

Host = Literal["faust", "confluent"]
HOSTS: tuple[Host, ...] = ("faust", "confluent")

SINK_POINTS = ("after_stage", "after_lock", "before_commit", "after_commit")
CHUNK_POINTS = ("after_fetch", *SINK_POINTS, "before_ack")
# class -> the points or moments at which it is tried
TABLE: dict[str, Sequence[str]] = {
    "kill": POINTS,
    "kill-and-take-over": POINTS,
    "pause-past-session": POINTS,
    "delay": POINTS,
    "loop-blocked": ("after_lock", "after_fetch"),
    "transaction-timeout": ("after_lock", "before_commit"),
    "disconnect": CHUNK_POINTS,
    "bug": POINTS,
    "rolling-restart": ("",),
    "join-and-leave": ("every 2 s",),
    "sigterm-in-large-batch": ("after_stage", "before_commit"),
    "clock-off-by-an-hour": ("ahead", "behind"),
    "broker-killed": ("",),
    "broker-frozen": ("",),
    "connect-killed": ("",),
    "connect-frozen": ("",),
    "source-restarted": ("",),
    "target-killed": ("",),
    "target-frozen": ("",),
    "target-restored": ("older backup",),
    "target-latency": ("",),
    "target-slow": ("",),
    "target-reset": ("",),
    "target-refused": ("",),
    "target-half-open": ("up", "down"),
    "target-black-hole": ("",),
    "commit-unanswered": ("before_commit",),
    "target-sessions-ended": ("",),
    "target-deadlock": ("",),
    "target-out-of-connections": ("",),
    "target-disk-full-simulated": ("",),
    "target-read-only": ("",),
    "offsets-deleted": ("",),
    "old-events-again": ("",),
}
# A named stop ends the pipeline: the last thing that a scenario plays, after it was judged.
STOPS: dict[str, Sequence[str]] = {"topic-recreated": ("stopped",)}

QUICK = {  # what CI plays of a class that has many points; of every other class the first one
    "kill": POINTS,
    "kill-and-take-over": ("before_commit",),
    "pause-past-session": ("after_lock", "after_commit"),
    "delay": ("after_claim",),
    "disconnect": SINK_POINTS,
    "bug": ("after_lock",),
    "target-half-open": ("down",),
}
ONE_HOST_IN_CI: dict[str, Host] = {  # slow ones, and those that the engine and the sink survive whatever the host
    "broker-killed": "confluent",
    "broker-frozen": "faust",
    "connect-killed": "faust",
    "connect-frozen": "confluent",
    "source-restarted": "confluent",
    "loop-blocked": "faust",
    "transaction-timeout": "confluent",
    "clock-off-by-an-hour": "faust",
    "target-frozen": "confluent",
    "target-restored": "faust",
    "target-latency": "confluent",
    "target-slow": "faust",
    "target-refused": "confluent",
    "target-sessions-ended": "faust",
    "target-deadlock": "confluent",
    "target-out-of-connections": "faust",
    "target-disk-full-simulated": "confluent",
    "target-read-only": "faust",
    "topic-recreated": "faust",
}


class Fault(NamedTuple):
    """One fault. `seed`: of everything about it that is left to chance."""

    kind: str
    point: str
    host: Host
    seed: int


def everything(table: dict[str, Sequence[str]] = TABLE) -> list[tuple[str, str]]:
    """Every class at every point."""
    return [(kind, point) for kind, points in table.items() for point in points]


def quick(host: Host) -> list[Fault]:
    """CI's faults of a host, in an order that is the same every time."""
    dealt = [
        (kind, point)
        for kind, points in TABLE.items()
        for point in QUICK.get(kind, points[:1])
        if ONE_HOST_IN_CI.get(kind, host) == host
    ]
    return _faults(host, dealt, seed=1)


def hand(host: Host, *, number: int, seed: int, size: int) -> list[Fault]:
    """The `number`-th scenario's faults: the table shuffled and dealt, again and again."""
    table = everything()
    dealt: list[tuple[str, str]] = []
    deck = 0
    while len(dealt) < (number + 1) * size:
        cards = list(table)
        random.Random(f"{seed} {host} {deck}").shuffle(cards)  # noqa: S311 - the same order every time
        dealt += cards
        deck += 1
    chosen = dealt[number * size : (number + 1) * size]
    return _faults(host, chosen, seed=seed * 1000 + number, shuffled=False)


def _faults(host: Host, dealt: list[tuple[str, str]], *, seed: int, shuffled: bool = True) -> list[Fault]:
    dice = random.Random(f"{seed} {host}")  # noqa: S311
    if shuffled:
        dice.shuffle(dealt)
    return [Fault(kind, point, host, dice.randrange(1 << 30)) for kind, point in dealt]
