"""Whole systems that are killed, frozen, restarted, restored."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

from tests.faults.matrix import Fault
from tests.faults.scene import NAMES, Scene
from tests.faults.waiting import until

SHORTEST, LONGEST = 1.0, 5.0


def killed(part: str) -> Callable[[Scene, Fault, random.Random], float]:
    """Kill -9 of a part of the stack; it comes back after a while."""

    def act(scene: Scene, _: Fault, dice: random.Random) -> float:
        scene.stack.kill(part)
        return _away(scene, dice)

    return act


def frozen(part: str) -> Callable[[Scene, Fault, random.Random], float]:
    """A part stands still, with every connection open, and goes on."""

    def act(scene: Scene, _: Fault, dice: random.Random) -> float:
        scene.stack.kill(part, signal.SIGSTOP)
        return _away(scene, dice)

    return act


def _away(scene: Scene, dice: random.Random) -> float:
    time.sleep(dice.uniform(SHORTEST, LONGEST))  # the outage itself
    scene.stack.up()
    since, back = scene.stood(), time.monotonic()
    return scene.recovered(since, back)


def source_restarted(scene: Scene, _: Fault, dice: random.Random) -> float:
    """The legacy database is killed and comes back; Debezium goes on by itself."""
    scene.stop_writing()
    scene.stack.kill("legacy")
    time.sleep(dice.uniform(SHORTEST, LONGEST))
    scene.stack.up()
    scene.write()
    return scene.progress()


def target_restored(scene: Scene, _: Fault, __: random.Random) -> float:
    """The target is replaced by an older copy of itself under running workers."""
    pipeline = scene.pipeline
    for name in NAMES:
        assert scene.workers[name].stop() == 0, scene.workers[name].tail()
    scene.blink()
    with pipeline.admin() as admin:

        def copied() -> bool:
            others = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [pipeline.name])
            if others.fetchone() != (0,):
                return False
            admin.execute(f"CREATE DATABASE {pipeline.name}_copy TEMPLATE {pipeline.name}")
            return True

        until(copied, "nobody is in the target, so that it can be copied", pipeline.state)
        for name in NAMES:
            scene.start(name)
        scene.whole()
        scene.progress()
        before = sum(one.next for one in scene.stood().values())
        scene.blink()
        admin.execute(f"DROP DATABASE {pipeline.name} WITH (FORCE)")
        admin.execute(f"ALTER DATABASE {pipeline.name}_copy RENAME TO {pipeline.name}")
    since, back = scene.stood(), time.monotonic()
    assert sum(one.next for one in since.values()) < before, "the copy is not older"
    return scene.recovered(since, back)


ACTS = {
    "broker-killed": killed("kafka"),
    "broker-frozen": frozen("kafka"),
    "connect-killed": killed("connect"),
    "connect-frozen": frozen("connect"),
    "target-killed": killed("target"),
    "target-frozen": frozen("target"),
    "source-restarted": source_restarted,
    "target-restored": target_restored,
}
