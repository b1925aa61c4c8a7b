"""A worker that is alive but does not work is ended; one that is patient, or has nothing to do, is not."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from overgrow.model import Part
from overgrow.workers import watchdog
from overgrow.workers.settings import WorkerSettings

SETTINGS = WorkerSettings(session_timeout_seconds=10, stall_seconds=60)


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


ONE, OTHER = Part("t", 0), Part("t", 1)


def worker(*, durable: int = 5, end: int = 5) -> Any:
    consumer = SimpleNamespace(flow_active=True, durable={ONE: durable}, highwater=lambda _: end)
    return SimpleNamespace(
        consumer=consumer,
        engine=SimpleNamespace(retrying=0, commits=0),
        settings=SETTINGS,
        event=lambda **_: None,
    )


def test_nothing_to_do_is_no_silence(clock: Clock) -> None:
    dog = watchdog.Watchdog(worker(), clock.monotonic)
    clock.now += 10_000
    assert dog._silent() is None


def test_records_waiting_and_no_commit_is_silence(clock: Clock) -> None:
    app = worker(end=9)
    dog = watchdog.Watchdog(app, clock.monotonic)
    clock.now += 60
    assert dog._silent() is None
    clock.now += 1
    assert "no commit for 61 s with records waiting in 1 partitions" in str(dog._silent())
    app.engine.commits += 1
    assert dog._silent() is None


def test_a_group_that_never_settles_is_silence(clock: Clock) -> None:
    """Claimed for a second, revoked for two, and so on: never idle, never a commit."""
    app = worker(end=9)
    dog = watchdog.Watchdog(app, clock.monotonic)
    for second in range(61):
        app.consumer.durable = {} if second % 3 else {ONE: 5}
        assert dog._silent() is None
        clock.now += 1
    clock.now += 2
    app.consumer.durable = {ONE: 5}
    assert "no commit for 63 s" in str(dog._silent())


def test_a_standby_and_a_worker_that_waits_to_claim_are_not_silent(clock: Clock) -> None:
    app = worker(end=9)
    app.consumer.durable = {}
    dog = watchdog.Watchdog(app, clock.monotonic)
    for _ in range(300):
        assert dog._silent() is None
        clock.now += 1
    app.consumer.durable = {ONE: 5}
    assert dog._silent() is None


def test_one_partition_that_stands_while_another_moves_is_silence_after_five_times_as_long(clock: Clock) -> None:
    app = worker(durable=5, end=9)
    dog = watchdog.Watchdog(app, clock.monotonic)
    for second in range(301):
        app.engine.commits += 1
        app.consumer.durable[OTHER] = second % 9
        assert dog._silent() is None
        clock.now += 1
    app.engine.commits += 1
    assert "t[0] has stood at 5 for 301 s" in str(dog._silent())
    app.consumer.durable[ONE] = 6
    assert dog._silent() is None


def test_a_target_that_is_away_forgives_the_partitions_that_stand(clock: Clock) -> None:
    app = worker(end=9)
    dog = watchdog.Watchdog(app, clock.monotonic)
    assert dog._silent() is None
    clock.now += 300
    app.engine.retrying = 1
    assert dog._silent() is None
    app.engine.retrying = 0
    app.engine.commits += 1
    clock.now += 299
    app.engine.commits += 1
    assert dog._silent() is None


def test_waiting_for_the_target_is_work(clock: Clock) -> None:
    app = worker(end=9)
    dog = watchdog.Watchdog(app, clock.monotonic)
    app.engine.retrying = 3
    clock.now += 600
    assert dog._silent() is None
    app.engine.retrying = 0
    clock.now += 59
    assert dog._silent() is None


def test_a_group_that_does_not_come_together_is_silence(clock: Clock) -> None:
    app = worker()
    app.consumer.flow_active = False
    dog = watchdog.Watchdog(app, clock.monotonic)
    assert dog._silent() is None
    clock.now += 40  # a rebalance (20 s) after two sessions of 10 s
    assert dog._silent() is None
    clock.now += 1
    assert "no flow for 41 s" in str(dog._silent())
    app.consumer.flow_active = True
    assert dog._silent() is None


def test_the_end_is_an_exit_that_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    exits: list[int] = []
    said: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(os, "_exit", exits.append)
    app = worker()
    app.event = lambda name, **fields: said.append((name, fields))
    watchdog.Watchdog(app)._end("why")
    assert (exits, said) == ([70], [("watchdog", {"cause": "why"})])


@pytest.mark.parametrize(("refusal", "crash", "code"), [(None, None, 0), (None, ValueError(), 1), ("stop", None, 4)])
def test_a_stop_that_does_not_end_is_cut_short(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, refusal: Any, crash: Any, code: int
) -> None:
    exits: list[int] = []
    monkeypatch.setattr(os, "_exit", exits.append)
    app = worker()
    app.should_stop, app.refusal, app.crash_reason = False, refusal, crash
    dog = watchdog.Watchdog(app, clock.monotonic)
    clock.now += 100
    dog._cut_short()
    app.should_stop, app.event = True, lambda *_, **__: None
    dog._cut_short()
    clock.now += 15
    dog._cut_short()
    assert exits == []
    clock.now += 1
    dog._cut_short()
    assert exits == [code]
