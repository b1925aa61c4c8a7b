"""Ends a worker that is alive but no longer works: an orchestrator restarts a dead process, not a silent one.

Three ways to go silent have been seen with Faust: the consumer leaves its group and waits for itself, the event loop is
blocked, the consumer's thread is gone. On either host they are judged by what the worker is for: commits.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from overgrow import errors
from overgrow.workers.settings import WorkerSettings

REBALANCE_SECONDS = 20.0  # faust_app.py asks for at least that
EXIT = 70  # EX_SOFTWARE
STOP_SECONDS = 15.0
UNCLAIMED_SECONDS = 10.0  # so long without a claim, it waits for a system; shorter, its group does not settle
STUCK_STALLS = 5  # a single partition may stand so many times longer than all together
LOOP_STALL_SECONDS = 30.0
CHECK_SECONDS = 1.0


class WatchedConsumer(Protocol):
    """What is known of the partitions. `flow_active`: the group has come together; `durable`: claimed partitions and
    their checkpoints; `highwater`: a partition's end, as last heard (negative: not yet).
    """

    @property
    def flow_active(self) -> bool: ...  # noqa: D102

    @property
    def durable(self) -> Mapping[Any, int]: ...  # noqa: D102

    def highwater(self, tp: Any) -> int: ...  # noqa: ANN401, D102 - a partition as the host names it


class Watched(Protocol):
    """A host at work."""

    @property
    def engine(self) -> Any: ...  # noqa: ANN401, D102 - counts its commits and retries

    @property
    def refusal(self) -> errors.ReplicationError | None: ...  # noqa: D102

    @property
    def settings(self) -> WorkerSettings: ...  # noqa: D102

    @property
    def consumer(self) -> WatchedConsumer: ...  # noqa: D102

    @property
    def should_stop(self) -> bool: ...  # noqa: D102

    @property
    def crash_reason(self) -> BaseException | None: ...  # noqa: D102

    def event(self, name: str, /, **fields: Any) -> None: ...  # noqa: ANN401, D102 - fields of a log event


class Watchdog:
    """Checks once a second in the loop; a daemon thread checks the loop."""

    def __init__(self, app: Watched, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._beat = clock()
        self._stall = app.settings.stall_seconds
        self._commits, self._commit_at, self._claimed_at = 0, clock(), clock()
        self._stands: dict[Any, tuple[int, float]] = {}  # partition -> (checkpoint, since when it stands there)
        self._idle_since: float | None = None
        self._stopping_since: float | None = None
        # A rebalance may take its whole timeout, after a session that had to expire.
        self._patience = REBALANCE_SECONDS + 2 * app.settings.session_timeout_seconds

    async def run(self) -> None:
        """Check until cancelled."""
        threading.Thread(target=self._watch_loop, name="overgrow-watchdog", daemon=True).start()
        while True:
            self._beat = self._clock()
            if cause := self._silent():
                self._end(cause)
            await asyncio.sleep(CHECK_SECONDS)

    def _silent(self) -> str | None:
        now, consumer = self._clock(), self._app.consumer
        if consumer.flow_active:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since > self._patience:
            return f"no flow for {now - self._idle_since:.0f} s: the group does not come together, or cannot be left"
        waiting = {tp: at for tp, at in list(consumer.durable.items()) if consumer.highwater(tp) > at}
        return self._no_commit(now, waiting) or self._stuck(now, waiting)

    def _no_commit(self, now: float, waiting: dict[Any, int]) -> str | None:
        engine, claimed = self._app.engine, bool(self._app.consumer.durable)
        if claimed:
            self._claimed_at = now
        idle = (claimed and not waiting) or now - self._claimed_at > UNCLAIMED_SECONDS
        if idle or engine.retrying or engine.commits != self._commits:  # waiting for the target is work
            self._commits, self._commit_at = engine.commits, now
        elif waiting and now - self._commit_at > self._stall:
            return f"no commit for {now - self._commit_at:.0f} s with records waiting in {len(waiting)} partitions"
        return None

    def _stuck(self, now: float, waiting: dict[Any, int]) -> str | None:
        """One partition that stands while others move: slower to tell, a long batch of another may hold it up."""
        if self._app.engine.retrying:
            self._stands.clear()
        self._stands = {
            tp: (at, self._stands[tp][1] if tp in self._stands and self._stands[tp][0] == at else now)
            for tp, at in waiting.items()
        }
        for tp, (at, since) in self._stands.items():
            if now - since > STUCK_STALLS * self._stall:
                return f"{tp.topic}[{tp.partition}] has stood at {at} for {now - since:.0f} s with records waiting"
        return None

    def _watch_loop(self) -> None:
        while True:
            time.sleep(CHECK_SECONDS)
            self._cut_short()
            behind = self._clock() - self._beat
            if behind > LOOP_STALL_SECONDS:
                self._end(f"the event loop has not run for {behind:.0f} s")

    def _cut_short(self) -> None:
        """A host that was told to stop and cannot: what is committed is committed, the rest the server rolls back."""
        app, now = self._app, self._clock()
        if not app.should_stop:
            return
        self._stopping_since = self._stopping_since or now
        if now - self._stopping_since > STOP_SECONDS:
            code = 4 if app.refusal else 1 if app.crash_reason else 0
            app.event("stop-cut-short", code=code)
            os._exit(code)

    def _end(self, cause: str) -> None:
        self._app.event("watchdog", cause=cause)
        os._exit(EXIT)  # the loop may be what hangs: nothing is asked to clean up, the checkpoint needs no farewell
