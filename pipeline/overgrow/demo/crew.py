"""The workers of a demo run: who owns which partition, killing one, what each has used.

Guarantees: a worker that ended by itself is an error with the end of its log, never a quiet gap. Called by the story.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from overgrow.demo.children import Child, Children, Usage
from overgrow.demo.report import Worker
from overgrow.demo.scene import Connection, Stuck
from overgrow.model import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """A worker's death: when, and what it owned. `owner` is the identity its commits carry."""

    worker: str
    at: float
    owner: str
    parts: set[Part]


@dataclass(slots=True, kw_only=True)
class Crew:
    """Workers by name."""

    children: Children
    project: Path
    running: dict[str, Child] = field(default_factory=dict)
    ended: list[Worker] = field(default_factory=list)

    def start(self, name: str) -> None:
        """Start a worker; the name is its static membership id, too."""
        argv = [sys.executable, "-m", "overgrow", "--project", str(self.project), "worker", "--name", name]
        self.running[name] = self.children.start(name, argv)

    def check(self) -> None:
        """Raise if one has ended."""
        for child in self.running.values():
            if not child.running:
                raise child.failed(f"ended with {child.process.returncode}")

    def owners(self) -> dict[Part, str]:
        """Each partition's last claimant, as the workers' logs tell."""
        return {part: name for _, name, part in self._claims()}

    def claims(self, since: float) -> dict[Part, float]:
        """When each partition was claimed for the first time since then."""
        return {part: at for at, _, part in reversed(self._claims()) if at >= since}

    def _claims(self) -> list[tuple[float, str, Part]]:
        """Each claim: when, by whom, of what."""
        return sorted(
            (event["at"], name, _part(text))
            for name, child in self.running.items()
            for event in _events(child.log)
            if event.get("event") == "claimed"
            for text in event["parts"]
        )

    def kill(self, name: str, target: Connection) -> Killed:
        """End a worker with SIGKILL, as a machine would."""
        parts = {part for part, owner in self.owners().items() if owner == name}
        child = self.running.pop(name)
        usage = child.usage()
        owner = _identity(target, parts)
        at = time.time()
        child.process.send_signal(signal.SIGKILL)
        child.process.wait()
        self._end(child, usage, "SIGKILL")
        return Killed(worker=name, at=at, owner=owner, parts=parts)

    def stop(self) -> None:
        """End all that run, in order, and remember what they used."""
        self.check()
        usage = {name: child.usage() for name, child in self.running.items()}
        self.children.stop()
        for name, child in self.running.items():
            code = child.process.returncode
            if code:
                raise child.failed(f"told to stop, ended with {code}")
            self._end(child, usage[name], "SIGTERM")
        self.running.clear()

    def _end(self, child: Child, usage: Usage, by: str) -> None:
        worker = Worker(
            name=child.name,
            pid=child.process.pid,
            ended_by=by,
            rss_peak_mb=usage.rss_peak_mb,
            cpu_seconds=usage.cpu_seconds,
        )
        self.ended.append(worker)


def _identity(target: Connection, parts: set[Part]) -> str:
    rows = target.execute("SELECT topic, partition, owner FROM overgrow.checkpoint").fetchall()
    owners = {owner for topic, partition, owner in rows if Part(topic, partition) in parts}
    if len(owners) != 1:
        raise Stuck(f"the partitions {sorted(parts)} are claimed by {owners}, not by one worker")
    return str(owners.pop())


def _events(log: Path) -> list[Mapping[str, Any]]:
    """The log's events; a worker's last line may be half written, and libraries may write lines of their own."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def _part(text: str) -> Part:
    topic, _, rest = text.rpartition("[")
    return Part(topic, int(rest.rstrip("]")))
