"""Ends the processes of a stack, whoever started them: recorded ones by identity, unrecorded ones by working folder.

Called by the supervisor when it is told to leave and by `Stack` when there is no supervisor left to ask.
"""

from __future__ import annotations

import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from overgrow.stack import plan, processes
from overgrow.stack.failures import StackError
from overgrow.stack.options import DATABASES

# Connect first: it waits for a broker that is gone. Databases and broker then stop side by side.
ORDER = (("connect",), ("kafka", "legacy", "target"))
CONNECT_GRACE, GRACE = 8.0, 15.0


def asks_with(name: str) -> signal.Signals:
    """PostgreSQL's fast shutdown is SIGINT (SIGTERM waits for its clients); a JVM's is SIGTERM."""
    return signal.SIGINT if name in DATABASES else signal.SIGTERM


def members(part: plan.Part, run: plan.Run | None) -> list[processes.Identity]:
    """The part's living processes, its main one first."""
    main = [run.process] if run and processes.alive(run.process) else []
    return main + [who for who in processes.in_folder(Path(part.cwd)) if who not in main]


def end_part(folder: Path, name: str, grace_seconds: float = GRACE) -> None:
    """End one part wholly; raises if something survives SIGKILL."""
    _end(folder, (name,), grace_seconds)


def end_parts(folder: Path) -> None:
    """End all parts."""
    for names in ORDER:
        _end(folder, names, CONNECT_GRACE if names == ("connect",) else GRACE)


def group_of(user: str | None) -> int | None:
    """The user's own group, to drop to together with the user."""
    return pwd.getpwnam(user).pw_gid if user else None


def _end(folder: Path, names: tuple[str, ...], grace_seconds: float) -> None:
    wanted, state = plan.read_plan(folder), plan.read_state(folder)
    runs = state.parts if state else {}
    asked: list[processes.Identity] = []
    for name in names:
        if wanted is None or name not in wanted.parts:
            continue
        group = members(wanted.parts[name], runs.get(name))
        for who in group:
            processes.send(who, signal.SIGCONT)
        # Only the main process is asked: a database ends its own backends.
        for who in group[:1]:
            processes.send(who, asks_with(name))
        asked += group
    left = processes.await_end(asked, grace_seconds)
    survivors = processes.end(left, signal.SIGKILL, grace_seconds=10)
    if survivors:
        pids = ", ".join(str(who.pid) for who in survivors)
        raise StackError(f"processes {pids} of {folder} survive SIGKILL; next: `ps -o pid,state,wchan -p {pids}`")


def remove_shared_memory(data: Path) -> None:
    """Drop the System V segment of a killed PostgreSQL server; a clean stop leaves neither file nor segment."""
    record = data / "postmaster.pid"
    if not record.exists():
        return
    lines = record.read_text().splitlines()
    # Line 7: "key id"; absent when the server was killed while it started.
    words = lines[6].split() if len(lines) > 6 else []  # noqa: PLR2004
    program = shutil.which("ipcrm")
    if program and len(words) == 2:  # noqa: PLR2004
        # It fails where the segment is gone already, which is what is wanted.
        subprocess.run([program, "-m", words[1]], capture_output=True, check=False)  # noqa: S603
