"""A worker as a process of its own: started, frozen, killed, asked to go; its log is its events."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.faults.waiting import until

OVERGROW = [sys.executable, "-m", "overgrow"]
ARMED = [sys.executable, str(Path(__file__).with_name("armed_worker.py"))]
MUTATED = [sys.executable, "-m", "tests.faults.mutated_worker"]
END_SECONDS = 90.0  # of a machine that is short of everything: it is no bar
TAIL = 25


class Worker:
    """One process. Static member `name` of its group: a restart under the same name takes its partitions back."""

    def __init__(
        self, folder: Path, name: str, log: Path, env: Mapping[str, str], *, entry: list[str], host: str
    ) -> None:
        self.name, self.log = name, log
        self.expected = False  # its end was asked for or waited for
        self._read, self._events = 0, dict[str, list[dict[str, Any]]]()
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [*entry, "--project", str(folder), "worker", "--name", name, "--host", host, "--verbose"],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=log.parent,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, None while it lives."""
        return self._process.poll()

    def signal(self, what: signal.Signals) -> None:
        self._process.send_signal(what)

    def freeze(self) -> None:
        """SIGSTOP; returns when it stands."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def frozen(self) -> None:
        """Wait until it has frozen itself."""

        def stands() -> bool:
            assert self.code is None, self.tail()
            return os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG) is not None

        until(stands, f"worker {self.name} freezes", self.tail)

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        self.expected = True
        until(lambda: self.code is not None, f"worker {self.name} ends", self.tail, seconds=END_SECONDS)
        return self._process.wait()

    def kill(self) -> None:
        """Kill -9; returns when it is gone. One that has ended by itself keeps its code."""
        self.expected = self.expected or self.code is None
        self._process.kill()
        self._process.wait(END_SECONDS)

    def stop(self) -> int:
        """Ask it to stop, as an orchestrator does; the exit code."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Its log events of one name, oldest first; a line that is not written to its end yet is none."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            whole, newline, _ = log.read().rpartition(b"\n")
        self._read += len(whole + newline)
        for line in whole.split(b"\n"):
            if line.startswith(b'{"at"') and line.endswith(b"}"):
                event = json.loads(line)
                self._events.setdefault(event["event"], []).append(event)
        return list(self._events.get(name, ()))

    def tail(self) -> str:
        """The end of its log, without the events that come with every batch."""
        lines = [
            line for line in self.log.read_text(errors="replace").splitlines() if '"event": "committed"' not in line
        ]
        ended = "lives" if self.code is None else f"ended with {self.code}"
        return "\n".join([f"-- {self.log.name} ({ended})", *lines[-TAIL:]])
