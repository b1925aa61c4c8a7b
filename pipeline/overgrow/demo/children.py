"""The demo's own processes: commands that end, workers that do not.

Guarantees: each has its log in the folder; `stop` ends every one that still runs, however the demo ends. A signal from
the terminal reaches the demo only, which then ends them in order. Called by the story.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from overgrow import errors

GRACE_SECONDS = 15.0
TAIL_LINES = 15
_PROC = Path("/proc")


class CommandFailed(errors.ReplicationError):
    """A command of the demo ended otherwise than it must; the text has the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process has used so far; None where the system does not tell."""

    rss_peak_mb: float | None
    cpu_seconds: float | None


@dataclass(slots=True, kw_only=True)
class Child:
    """One process; `stdout` holds only what it prints, `log` what it says."""

    name: str
    process: subprocess.Popen[bytes]
    stdout: Path
    log: Path

    @property
    def running(self) -> bool:
        """Whether it still lives."""
        return self.process.poll() is None

    def wait(self, *, allowed: Sequence[int] = (0,)) -> str:
        """What it printed, once it has ended as it may."""
        code = self.process.wait()
        if code not in allowed:
            raise self.failed(f"ended with {code}")
        return self.stdout.read_text(encoding="utf-8")

    def failed(self, what: str) -> CommandFailed:
        """The error that says what happened, with the end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return CommandFailed("\n".join([f"{self.name} {what}; the end of {self.log.name}:", *lines]))

    def usage(self) -> Usage:
        """Read while it lives."""
        return usage(self.process.pid)


@dataclass(slots=True, kw_only=True)
class Children:
    """All of them. `env` and `cwd` are the same for each."""

    logs: Path
    env: dict[str, str]
    cwd: Path
    started: list[Child] = field(default_factory=list)
    # Signals interrupt the main thread only: no process is started there that nobody would know of.
    _starter: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))

    def start(self, name: str, argv: Sequence[str]) -> Child:
        """Start one; a second of the same name goes on in the same log."""
        return self._starter.submit(self._start, name, argv).result()

    def _start(self, name: str, argv: Sequence[str]) -> Child:
        stdout, log = self.logs / f"{name}.out", self.logs / f"{name}.log"
        with stdout.open("wb") as out, log.open("ab") as err:
            process = subprocess.Popen(  # noqa: S603 - the project's own commands
                argv,
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        child = Child(name=name, process=process, stdout=stdout, log=log)
        self.started.append(child)
        return child

    def run(self, name: str, argv: Sequence[str], *, allowed: Sequence[int] = (0,)) -> tuple[int, str]:
        """Start one and wait for its end: exit code and what it printed."""
        child = self.start(name, argv)
        printed = child.wait(allowed=allowed)
        return child.process.returncode, printed

    def stop(self) -> None:
        """Ask each that runs to end, then make it. The last word: nothing is started afterwards."""
        self._starter.shutdown()
        running = [child.process for child in self.started if child.running]
        for process in running:
            process.send_signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def usage(pid: int) -> Usage:
    """Peak resident memory and CPU time of a living process."""
    try:
        status = _PROC.joinpath(str(pid), "status").read_text()
        stat = _PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:  # no /proc here, or the process has just ended
        return Usage(rss_peak_mb=None, cpu_seconds=None)
    peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
    ticks = int(stat[11]) + int(stat[12])  # user and system time, the 14th and 15th field
    return Usage(
        rss_peak_mb=None if peak is None else round(int(peak) / 1024, 1),
        cpu_seconds=round(ticks / os.sysconf("SC_CLK_TCK"), 2),
    )
