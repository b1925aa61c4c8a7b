"""Faults at the named points of a worker."""

from __future__ import annotations

import random
import signal
import time
from typing import cast

from overgrow.faultpoints import Point
from overgrow.testing.faults import Do, Plant
from tests.faults.matrix import Fault
from tests.faults.scene import Scene
from tests.faults.waiting import until
from tests.faults.worker import Worker

CLAIM_POINTS = ("before_claim", "after_claim")
MOST_HITS = 12
BLOCKED_SECONDS = 4.0  # longer than the group's session timeout
TRANSACTION_SECONDS = 9.5  # longer than the session's idle_in_transaction_session_timeout


def _plant(scene: Scene, fault: Fault, dice: random.Random, do: Do, seconds: float = 0.0) -> tuple[str, Worker]:
    """Plant it in one of the workers: in its running process, or, for a claim, in its next one."""
    victim, point = scene.victim(dice), cast("Point", fault.point)
    if point in CLAIM_POINTS:
        scene.workers[victim].kill()
        return victim, scene.start(victim, Plant(point=point, do=do, seconds=seconds))
    plant = Plant(point=point, do=do, hit=dice.randint(1, MOST_HITS), seconds=seconds)
    return victim, scene.order(victim, plant)


def kill(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """Kill -9; an orchestrator starts it again at once."""
    victim, worker = _plant(scene, fault, dice, "kill")
    assert worker.ended() == -signal.SIGKILL, worker.tail()
    since, died = scene.stood(), time.monotonic()
    scene.start(victim)
    return scene.recovered(since, died)


def kill_and_take_over(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """Kill -9; nobody starts it again, until the other worker has all its partitions."""
    victim, worker = _plant(scene, fault, dice, "kill")
    assert worker.ended() == -signal.SIGKILL, worker.tail()
    seconds = scene.recovered(scene.stood(), time.monotonic())
    scene.start(victim)
    return seconds


def pause(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """Frozen until others have taken over; then it goes on where it stood."""
    _, worker = _plant(scene, fault, dice, "pause")
    worker.frozen()
    seconds = scene.recovered(scene.stood(), time.monotonic())
    claims = len(worker.events("claimed"))
    worker.signal(signal.SIGCONT)
    until(lambda: len(worker.events("claimed")) > claims, "the zombie is a member again", scene.pipeline.state)
    return seconds


def delay(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """A while in which this worker's chunk stands, and its heartbeats go on."""
    return _slept(scene, fault, dice, "delay", dice.uniform(0.3, 2.0))


def block(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """A while in which nothing of its event loop goes on."""
    return _slept(scene, fault, dice, "block", BLOCKED_SECONDS)


def transaction_timeout(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """The server ends the session of a transaction that stands too long."""
    retries = [len(worker.events("sink-retry")) for worker in scene.workers.values()]
    seconds = _slept(scene, fault, dice, "delay", TRANSACTION_SECONDS)
    assert [len(worker.events("sink-retry")) for worker in scene.workers.values()] != retries, "nobody noticed"
    return seconds


def _slept(scene: Scene, fault: Fault, dice: random.Random, do: Do, seconds: float) -> float:
    before = {name: len(worker.events("planted")) for name, worker in scene.workers.items()}
    victim, worker = _plant(scene, fault, dice, do, seconds)
    scene.planted(worker, 1 + (before[victim] if fault.point not in CLAIM_POINTS else 0))
    return max(0.0, scene.recovered(scene.stood(), time.monotonic()) - seconds)


def disconnect(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """The target's sockets are shut down under the driver."""
    return _slept(scene, fault, dice, "disconnect", 0.0)


def bug(scene: Scene, fault: Fault, dice: random.Random) -> float:
    """An exception that nobody has foreseen: it ends with 1 and is started again."""
    victim, worker = _plant(scene, fault, dice, "raise")
    assert worker.ended() == 1, worker.tail()
    since, died = scene.stood(), time.monotonic()
    scene.start(victim)
    return scene.recovered(since, died)


ACTS = {
    "kill": kill,
    "kill-and-take-over": kill_and_take_over,
    "pause-past-session": pause,
    "delay": delay,
    "loop-blocked": block,
    "transaction-timeout": transaction_timeout,
    "disconnect": disconnect,
    "bug": bug,
}
