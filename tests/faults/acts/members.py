"""Workers that come and go in good order, and one whose clock is wrong."""

from __future__ import annotations

import random
import signal
import time
from typing import cast

from overgrow.faultpoints import Point
from overgrow.testing.faults import Plant
from tests.faults.matrix import Fault
from tests.faults.scene import NAMES, Scene
from tests.faults.waiting import until

GUESTS, STAY_SECONDS = 4, 2.0
LARGE = 3000
HOUR = 3600.0


def rolling_restart(scene: Scene, _: Fault, __: random.Random) -> float:
    """One after the other: told to stop, started, at work again."""
    slowest = 0.0
    for name in NAMES:
        assert scene.workers[name].stop() == 0, scene.workers[name].tail()
        since, began = scene.stood(), time.monotonic()
        scene.start(name)
        slowest = max(slowest, scene.recovered(since, began))
    return slowest


def join_and_leave(scene: Scene, _: Fault, __: random.Random) -> float:
    """A third member joins, and leaves two seconds later, over and over."""
    for number in range(GUESTS):
        guest = scene.start(f"guest{number}")
        time.sleep(STAY_SECONDS)  # the fault itself: whatever the group is doing then
        code = guest.stop()
        # Told to stop before it could listen: it ends by the signal, and has touched nothing.
        assert code == 0 or (code == -signal.SIGTERM and not guest.events("claimed")), guest.tail()
        del scene.workers[guest.name]
    return scene.progress()


def sigterm_in_large_batch(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """Told to stop while a large batch is in its hand: it ends with 0, the batch is applied once."""
    victim = scene.victim(dice)
    worker, seen = scene.workers[victim], len(scene.workers[victim].events("planted"))
    scene.order(victim, Plant(point="after_fetch", do="delay", seconds=2.5))
    scene.planted(worker, seen + 1)
    _insert_many(scene, dice)
    until(lambda: scene.behind(victim) > LARGE / 10, "a large batch waits for it", scene.pipeline.state)
    scene.order(victim, Plant(point=cast("Point", fault.point), do="delay", hit=3, seconds=2.0))
    scene.planted(worker, seen + 2)
    worker.signal(signal.SIGTERM)
    assert worker.ended() == 0, worker.tail()
    since, began = scene.stood(), time.monotonic()
    scene.start(victim)
    return scene.recovered(since, began)


def _insert_many(scene: Scene, dice: random.Random) -> None:
    """One transaction of new order lines that the writer knows nothing of."""
    with scene.pipeline.source() as source:
        source.execute(
            "INSERT INTO public.ord_line SELECT (jsonb_populate_record(one, jsonb_build_object("
            "  'ord_no', %s || to_char(n, 'FM00000'), 'line_no', 1))).*"
            " FROM (SELECT l FROM public.ord_line l LIMIT 1) AS sample(one), generate_series(1, %s) n",
            [f"B{dice.randrange(1000):03}", LARGE],
        )


def clock_off(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """Its `time.time` is an hour off, until it is started again by another fault."""
    victim = scene.victim(dice)
    scene.workers[victim].kill()
    since, began = scene.stood(), time.monotonic()
    scene.start(victim, clock=HOUR if fault.point == "ahead" else -HOUR)
    return scene.recovered(since, began)


ACTS = {
    "rolling-restart": rolling_restart,
    "join-and-leave": join_and_leave,
    "sigterm-in-large-batch": sigterm_in_large_batch,
    "clock-off-by-an-hour": clock_off,
}
