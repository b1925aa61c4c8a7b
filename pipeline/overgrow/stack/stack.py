"""A local stack: Kafka, Kafka Connect, a legacy and a target PostgreSQL, real ones, in one folder.

Guarantees: stacks in different folders never disturb each other; `up` may be repeated; `down` leaves no process and no
file, also after its supervisor was killed. Never restarts what a test killed. Called by `overgrow stack`, `overgrow
demo`, tests and benchmarks; nothing in the product needs it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from overgrow import errors
from overgrow.stack import create, plan, processes, ready, shutdown
from overgrow.stack import status as status_of
from overgrow.stack.failures import StackError
from overgrow.stack.options import DATABASES, PARTS, Endpoints, Options, endpoints

LOCK = "stack.lock"
# Connect last: one that meets a broker which does not serve yet can lose a request's whole timeout (30 s).
STAGES = (("legacy", "target", "kafka"), ("connect",))
POLL_SECONDS = 0.05
READY_SECONDS = 90.0
SUPERVISOR_SECONDS = 20.0
LEAVE_SECONDS = 45.0
GROUP_SIGNALS = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT}


def _silent(_line: str) -> None:
    """Progress that nobody reads."""


class Stack:
    """One stack, known by its folder; any number of these objects may look at the same one."""

    def __init__(self, folder: Path | str, say: Callable[[str], None] = _silent) -> None:
        self._folder = Path(folder).resolve()
        self._say = say

    def up(self, options: Options | None = None, *, ready_seconds: float = READY_SECONDS) -> Endpoints:
        """Make the stack, or start what is dead in it, and wait until every part answers.

        `options` count when the stack is made; a stack that is there keeps its own.
        """
        with self._locked():
            wanted = plan.read_plan(self._folder)
            if wanted is None or not wanted.parts:
                self._wipe()
                wanted = create.create(self._folder, options or Options(), self._say)
            elif options is not None and options != wanted.options:
                self._say(f"this stack keeps the options it was made with: {wanted.options}")
            self._supervise(wanted)
            for names in STAGES:
                self._start(names)
                self._await(names, ready_seconds)
            return self.endpoints()

    def down(self) -> None:
        """End every process, remove every file. Nothing to do is fine."""
        if not self._folder.exists():
            return
        with self._locked():
            self._wipe()
            wanted = plan.read_plan(self._folder)
            create.remove(self._folder, wanted.scratch if wanted else None, self._folder / LOCK)
        if self._folder.parent.name == ".overgrow" and not any(self._folder.parent.iterdir()):
            self._folder.parent.rmdir()

    def status(self) -> status_of.Status:
        """What lives now; asks the system, not the parts."""
        return status_of.look(str(self._folder), plan.read_plan(self._folder), plan.read_state(self._folder))

    def endpoints(self) -> Endpoints:
        """Where the stack answers; refuses when there is none."""
        return endpoints(self._plan().ports)

    def kill(self, part: str, what: signal.Signals = signal.SIGKILL) -> None:
        """Signal a part. KILL, STOP and CONT reach a database's backends too, as a machine's fate would; KILL waits."""
        group = self._members(part)
        for who in group if what in GROUP_SIGNALS else group[:1]:
            processes.send(who, what)
        if what == signal.SIGKILL and processes.await_end(group, seconds=10):
            raise StackError(f"{part} survives SIGKILL; next: `overgrow stack status`")
        self._say(f"{part}: sent {what.name}")

    def restart(self, part: str, *, ready_seconds: float = READY_SECONDS) -> None:
        """Stop the part in good order if it runs, start it on the same port with the same data, wait for its answer."""
        with self._locked():
            self._members(part)
            self._supervised()
            shutdown.end_part(self._folder, part)
            self._start((part,))
            self._await((part,), ready_seconds)

    def _plan(self) -> plan.Plan:
        wanted = plan.read_plan(self._folder)
        if wanted is None or not wanted.parts:
            raise StackError(f"there is no stack in {self._folder}; next: `overgrow stack up`")
        return wanted

    def _members(self, part: str) -> list[processes.Identity]:
        wanted, state = self._plan(), plan.read_state(self._folder)
        if part not in wanted.parts:
            raise StackError(f"no part {part!r}; the parts are {', '.join(PARTS)}")
        return shutdown.members(wanted.parts[part], state.parts.get(part) if state else None)

    def _supervise(self, wanted: plan.Plan) -> None:
        """Have a living supervisor; what a dead one left is ended first, for only a parent learns how a child ends."""
        before = plan.read_state(self._folder)
        if before is not None and processes.alive(before.supervisor):
            return
        shutdown.end_parts(self._folder)
        parts = {name: replace(part, round=0) for name, part in wanted.parts.items()}
        plan.write(self._folder, replace(wanted, parts=parts))
        log = self._folder / plan.LOGS / "supervisor.log"
        with log.open("ab") as out:
            subprocess.run(  # noqa: S603  this Python, this package
                [sys.executable, "-P", "-m", "overgrow.stack.supervisor", str(self._folder)],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                check=True,
            )

        def runs() -> bool:
            state = plan.read_state(self._folder)
            return state is not None and (before is None or state.supervisor != before.supervisor)

        self._until(runs, f"the supervisor does not start; see {log}")

    def _start(self, names: tuple[str, ...]) -> None:
        """Start the dead ones among these parts, let the frozen ones go on."""
        wanted, state = self._plan(), self._supervised()
        runs = state.parts
        dead = [name for name in names if name not in runs or not processes.alive(runs[name].process)]
        for name in names:
            if name in dead:
                shutdown.end_part(self._folder, name)  # what a killed main process left
                self._say(f"{name}: starting")
            for who in self._members(name):
                processes.send(who, signal.SIGCONT)
        parts = {name: replace(part, round=part.round + (name in dead)) for name, part in wanted.parts.items()}
        plan.write(self._folder, replace(wanted, parts=parts))
        processes.send(state.supervisor, signal.SIGHUP)

        def started() -> bool:
            now = self._supervised().parts
            return all(name in now and now[name].round == parts[name].round for name in names)

        self._until(started, f"the supervisor does not start {', '.join(dead)}")

    def _supervised(self) -> plan.State:
        state = plan.read_state(self._folder)
        if state is None or not processes.alive(state.supervisor):
            raise StackError(f"the stack in {self._folder} has no supervisor; next: `overgrow stack up`")
        return state

    def _await(self, names: tuple[str, ...], seconds: float) -> None:
        where = self.endpoints()
        until = time.monotonic() + seconds
        for name in names:
            while not ready.answers(name, where):
                part = self.status().parts[name]
                if part.state == "dead":
                    raise StackError(f"{name} ended with {part.exit_code}; end of {part.log}:\n{_tail(part.log)}")
                if time.monotonic() > until:
                    raise errors.UnreachableError(f"{name} does not answer within {seconds:g} s; see {part.log}")
                time.sleep(POLL_SECONDS)
            self._say(f"{name}: ready")

    def _until(self, condition: Callable[[], bool], otherwise: str) -> None:
        until = time.monotonic() + SUPERVISOR_SECONDS
        while not condition():
            if time.monotonic() > until:
                raise StackError(f"{otherwise} (waited {SUPERVISOR_SECONDS:g} s)")
            time.sleep(POLL_SECONDS)

    def _wipe(self) -> None:
        """End every process; afterwards only files are left."""
        state = plan.read_state(self._folder)
        if state and processes.alive(state.supervisor):
            self._say("stopping")
            processes.end([state.supervisor], signal.SIGTERM, LEAVE_SECONDS)
        shutdown.end_parts(self._folder)
        wanted = plan.read_plan(self._folder)
        for name in DATABASES if wanted else ():
            if wanted and name in wanted.parts:
                shutdown.remove_shared_memory(Path(wanted.parts[name].cwd))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One command at a time; refuses a folder that holds anything but a stack."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = self._folder / LOCK
        if not lock.exists() and any(self._folder.iterdir()):
            raise errors.ConfigurationError(f"{self._folder} is not empty and holds no stack; choose another --dir")
        while True:
            self._folder.mkdir(parents=True, exist_ok=True)
            with lock.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # `down` deletes the file while others wait for it: a lock on a deleted file guards nothing.
                if os.fstat(file.fileno()).st_nlink:
                    yield
                    return


def _tail(log: str, lines: int = 15) -> str:
    return "\n".join(Path(log).read_text(errors="replace").splitlines()[-lines:])
