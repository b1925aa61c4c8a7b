"""Processes by identity: pid and start time, so that a reused pid is never taken for ours.

Nothing here looks at a process's name. Called by the supervisor (to know its children) and by `Stack` (to end what a
killed supervisor left). Beyond recorded identities, a part's processes are known by their working folder, which
belongs to that part alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
POLL_SECONDS = 0.02
# Fields of /proc/PID/stat after the command's closing parenthesis: state is the first, start time the twentieth.
STATE, THREADS, STARTED = 0, 17, 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process that a pid alone cannot name: the kernel reuses pids, not start times."""

    pid: int
    started: str


def identify(pid: int) -> Identity | None:
    """The process that has this pid now; None if there is none or it is only waiting to be reaped."""
    seen = _look(pid)
    return None if seen is None else Identity(pid=pid, started=seen[1])


def alive(who: Identity | None) -> bool:
    """Whether this very process still lives; a zombie does not."""
    return who is not None and identify(who.pid) == who


def stopped(who: Identity) -> bool:
    """Whether it is alive but frozen by SIGSTOP."""
    seen = _look(who.pid)
    return seen is not None and seen[1] == who.started and seen[0] == "T"


def in_folder(folder: Path) -> list[Identity]:
    """Living processes whose working folder is `folder` (where the system shows that; elsewhere none)."""
    found = []
    for entry in PROC.glob("[0-9]*/cwd"):
        # A process may end, or belong to someone else, between the listing and the look.
        with contextlib.suppress(OSError):
            if str(entry.readlink()).removesuffix(" (deleted)") == str(folder):
                who = identify(int(entry.parent.name))
                found += [who] if who else []
    return found


def send(who: Identity, what: signal.Signals) -> bool:
    """Signal that process if it still lives; whether it did."""
    if not alive(who):
        return False
    try:
        os.kill(who.pid, what)
    except ProcessLookupError:
        return False
    return True


def await_end(group: list[Identity], seconds: float) -> list[Identity]:
    """Wait for all to end; those that still live when the time is up."""
    until = time.monotonic() + seconds
    while (left := [who for who in group if alive(who)]) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return left


def end(group: list[Identity], what: signal.Signals, grace_seconds: float) -> list[Identity]:
    """Ask with `what`, wait, then SIGKILL; returns those that survived even that."""
    for who in group:
        send(who, what)
        send(who, signal.SIGCONT)
    left = await_end(group, grace_seconds)
    for who in left:
        send(who, signal.SIGKILL)
    return await_end(left, seconds=10)


def _look(pid: int) -> tuple[str, str] | None:
    """(state, start time) of a living process; zombies do not count."""
    if PROC.joinpath("self", "stat").exists():
        try:
            text = PROC.joinpath(str(pid), "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = text.rpartition(")")[2].split()
        state, started = fields[STATE], fields[STARTED]
        # The first thread of a killed process is a zombie while the others still end: they hold memory and ports.
        state = "R" if state == "Z" and int(fields[THREADS]) > 1 else state
    else:
        shown = subprocess.run(  # noqa: S603  fixed program, a number as argument
            ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.split(maxsplit=1)
        if not shown:
            return None
        state, started = shown[0][0], shown[1].strip()
    return None if state in "ZX" else (state, started)
