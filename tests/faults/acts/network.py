"""The network between the workers and the target, through the proxy."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import cast

from overgrow.testing.faults import Plant
from overgrow.testing.proxy import Direction, Proxy
from tests.faults.matrix import Fault
from tests.faults.scene import Scene
from tests.faults.waiting import until

SHORTEST, LONGEST = 2.0, 5.0
Act = Callable[[Scene, Fault, random.Random], float]


def bad(weather: Callable[[Proxy, random.Random], None]) -> Act:
    """Weather in which work goes on, if slowly: every partition moves in it."""

    def act(scene: Scene, _: Fault, dice: random.Random) -> float:
        weather(scene.proxy, dice)
        seconds = scene.progress()
        scene.proxy.heal()
        return seconds

    return act


def cut(weather: Callable[[Proxy, Fault], None]) -> Act:
    """Weather in which nothing gets through, for a while."""

    def act(scene: Scene, fault: Fault, dice: random.Random) -> float:
        weather(scene.proxy, fault)
        time.sleep(dice.uniform(SHORTEST, LONGEST))  # the outage itself
        scene.proxy.heal()
        return scene.progress()

    return act


def commit_unanswered(scene: Scene, _: Fault, dice: random.Random) -> float:
    """The server commits, and its answer is lost with the connection."""
    victim = scene.victim(dice)
    worker, seen = scene.workers[victim], len(scene.workers[victim].events("planted"))
    scene.order(victim, Plant(point="before_commit", do="delay", hit=dice.randint(1, 8), seconds=0.5))
    scene.planted(worker, seen + 1)
    before = scene.stood()
    scene.proxy.half_open("down")
    until(lambda: scene.stood() != before, "the server has committed", scene.pipeline.state)
    scene.proxy.heal()
    return scene.progress()


ACTS: dict[str, Act] = {
    "target-latency": bad(lambda proxy, dice: proxy.latency(dice.uniform(0.02, 0.06))),
    "target-slow": bad(lambda proxy, dice: proxy.slow(dice.uniform(20_000, 60_000))),
    "target-reset": bad(lambda proxy, _: proxy.reset()),
    "target-refused": cut(lambda proxy, _: proxy.refuse()),
    "target-half-open": cut(lambda proxy, fault: proxy.half_open(cast("Direction", fault.point))),
    "target-black-hole": cut(lambda proxy, _: proxy.black_hole()),
    "commit-unanswered": commit_unanswered,
}
