"""Waits until everything the source shows is applied in the target; proves it by positions, never by a clock.

    H = the source's log position; a logical message behind it
    Connect's committed offset >= H            every change up to H is in its topic
    E = the topics' end offsets
    every checkpoint's next_offset >= E        every change up to H is in the target

Guarantees: returns only when that is so. What stands still for `patience` seconds ends the wait with an error that
names it; while anything moves towards its end, the wait goes on. Called by `verify`;
its first half by drained.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from overgrow import errors
from overgrow.kafka.connect import STALE_FAILURE_SECONDS, ConnectorStatus
from overgrow.model import Part
from overgrow.reconcile.checkpoints import Checkpoint
from overgrow.reconcile.ports import Applied, Committed, Ends, Say, SourceMark

POLL_SECONDS = 0.1
SAY_SECONDS = 2.0


class StandsStill(errors.ReplicationError):
    """A part of the pipeline does not move; nothing was compared."""


@dataclass(frozen=True, kw_only=True)
class Drain:
    """The wait. `clock` and `sleep` are the process's own unless a test passes others."""

    source: SourceMark
    connect: Committed
    ends: Ends
    applied: Applied
    connector: str
    prefix: str
    patience: float
    say: Say
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> dict[Part, int]:
        """Wait; returns the end offsets that were reached."""
        ends = self.sent()
        self._reached(ends)
        return ends

    def sent(self) -> dict[Part, int]:
        """The first half: wait until everything the source shows is in its topic; where the topics end then."""
        position = self.source.position()
        self.source.mark(self.prefix)
        self._sent(position)
        return self.ends()

    def _sent(self, position: int) -> None:
        patience = _Patience(self)
        failed_since: float | None = None
        while True:
            offset = self.connect.offsets(self.connector)
            if committed(offset) >= position:
                return
            status = self.connect.status(self.connector)
            failed = status is not None and status.state == "FAILED"
            failed_since = (self.clock() if failed_since is None else failed_since) if failed else None
            if status is not None and failed_since is not None and self.clock() - failed_since > STALE_FAILURE_SECONDS:
                raise StandsStill(
                    f"connector {self.connector} has failed, {position - _at(offset)} bytes of the source's log are "
                    f"not sent: {status.failure}\nnext: mend the cause, then restart the connector"
                )
            what = _unsent(offset, position)
            moving = (_at(offset), tuple(self.ends().values()) if "snapshot" in offset or not offset else ())
            if not patience.wait(moving, f"waiting for the connector: {what}"):
                raise StandsStill(_connector_stands(self.connector, status, what, self.patience))

    def _reached(self, ends: Mapping[Part, int]) -> None:
        patience = _Patience(self)
        while True:
            found = self.applied()
            absent = [part for part in ends if part not in found]
            if absent:
                raise errors.Refused(
                    f"{absent[0]} has no checkpoint in the target; if this target is new, run `overgrow apply`",
                    code="no-checkpoint",
                )
            behind = {part: found[part] for part, end in ends.items() if found[part].next_offset < end}
            if not behind:
                return
            records = sum(ends[part] - one.next_offset for part, one in behind.items())
            moving = tuple(one.next_offset for one in behind.values())
            if not patience.wait(moving, f"waiting for the workers: {records} records in {len(behind)} partitions"):
                raise StandsStill(_workers_stand(behind, ends, self.patience))


class _Patience:
    """Sleeps, speaks now and then, and tells when nothing has moved for too long."""

    def __init__(self, drain: Drain) -> None:
        self._drain = drain
        self._seen: Hashable = None
        self._moved_at = self._said_at = drain.clock()

    def wait(self, moving: Hashable, text: str) -> bool:
        now = self._drain.clock()
        if moving != self._seen:
            self._seen, self._moved_at = moving, now
        if now - self._moved_at > self._drain.patience:
            return False
        if now - self._said_at >= SAY_SECONDS:
            self._said_at = now
            self._drain.say(text)
        self._drain.sleep(POLL_SECONDS)
        return True


def committed(offset: Mapping[str, Any]) -> int:
    """The log position up to which every change is in its topic; 0 while the offset proves nothing.

    During a snapshot `lsn` is the snapshot's own position. Afterwards the stream is in commit order, so an event at or
    above a position belongs to a commit at or above it.
    """
    return 0 if "snapshot" in offset else _at(offset)


def _at(offset: Mapping[str, Any]) -> int:
    return max(offset.get("lsn") or 0, offset.get("lsn_commit") or 0)


def _unsent(offset: Mapping[str, Any], position: int) -> str:
    if not offset:
        return "it has not committed an offset yet"
    if "snapshot" in offset:
        return "its snapshot is running"
    return f"{position - _at(offset)} bytes of the source's log are not sent yet"


def _connector_stands(name: str, status: ConnectorStatus | None, what: str, patience: float) -> str:
    state = "unknown to Connect" if status is None else status.state
    return (
        f"connector {name} is {state} and has not moved for {patience:g} s: {what}\n"
        "next: `overgrow status`; a paused or stopped connector must be resumed"
    )


def _workers_stand(behind: Mapping[Part, Checkpoint], ends: Mapping[Part, int], patience: float) -> str:
    lines = [
        f"  {part}: next offset {one.next_offset}, end {ends[part]}, last commit {one.idle_seconds:.0f} s ago, "
        f"owner {one.owner or 'none'}"
        for part, one in sorted(behind.items())
    ]
    return "\n".join(
        [
            f"no worker has moved these partitions for {patience:g} s; nothing was compared:",
            *lines,
            "next: start `overgrow worker`, or read why it stopped in its log",
        ]
    )
