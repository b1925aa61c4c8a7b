"""What a stack looks like from outside; the document of `overgrow stack status --json`."""

from __future__ import annotations

from dataclasses import dataclass

from overgrow.stack import plan, processes
from overgrow.stack.options import PARTS, Endpoints, endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatus:
    """`state`: running, paused (by SIGSTOP) or dead. `endpoint` is the part's address under the name it goes by."""

    state: str
    pid: int | None
    exit_code: int | None
    endpoint: tuple[str, str]
    log: str

    def document(self) -> dict[str, object]:
        """As JSON shows it."""
        name, address = self.endpoint
        return {"pid": self.pid, "state": self.state, "exit_code": self.exit_code, name: address, "log": self.log}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`state`: up (all run), down (nothing runs), degraded (anything between, also without a supervisor)."""

    dir: str
    state: str
    supervisor: int | None
    parts: dict[str, PartStatus]

    def document(self) -> dict[str, object]:
        """As JSON shows it."""
        parts = {name: part.document() for name, part in self.parts.items()}
        supervisor = {"pid": self.supervisor, "state": "running" if self.supervisor else "dead"}
        return {"dir": self.dir, "state": self.state, "supervisor": supervisor, "parts": parts}


def look(folder: str, wanted: plan.Plan | None, state: plan.State | None) -> Status:
    """Judge by the processes that live now, not by what was recorded about them."""
    alive = state.supervisor.pid if state and processes.alive(state.supervisor) else None
    runs = state.parts if state else {}
    where = endpoints(wanted.ports) if wanted else None
    parts = {
        name: _part(wanted.parts[name].log, runs.get(name), _endpoint(name, where))
        for name in PARTS
        if wanted and where and name in wanted.parts
    }
    living = [part for part in parts.values() if part.pid is not None]
    whole = alive is not None and len(parts) == len(PARTS) and all(part.state == "running" for part in parts.values())
    summary = "up" if whole else "degraded" if living or alive else "down"
    return Status(dir=folder, state=summary, supervisor=alive, parts=parts)


def _part(log: str, run: plan.Run | None, endpoint: tuple[str, str]) -> PartStatus:
    if run is None or not processes.alive(run.process):
        return PartStatus(state="dead", pid=None, exit_code=run.exit_code if run else None, endpoint=endpoint, log=log)
    state = "paused" if processes.stopped(run.process) else "running"
    return PartStatus(state=state, pid=run.process.pid, exit_code=None, endpoint=endpoint, log=log)


def _endpoint(name: str, where: Endpoints) -> tuple[str, str]:
    return {
        "kafka": ("bootstrap", where.kafka),
        "connect": ("url", where.connect),
        "legacy": ("dsn", where.source_dsn),
        "target": ("dsn", where.target_dsn),
    }[name]
