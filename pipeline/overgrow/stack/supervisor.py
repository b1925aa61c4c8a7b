"""The one parent of a stack's processes: starts what the plan asks for, reaps what ends, records both.

It never restarts a part by itself (tests decide) and never decides anything else. Started detached by `Stack.up` as
`python -m overgrow.stack.supervisor FOLDER`. SIGHUP: read the plan again; SIGTERM or SIGINT: end all parts and leave.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from overgrow.stack import options, plan, processes, shutdown

NOT_STARTED = 127  # the exit code a shell has for a program it cannot start
LOOK_SECONDS = 2.0  # how long a deleted folder goes unnoticed
READ, LEAVE = {signal.SIGHUP}, {signal.SIGTERM, signal.SIGINT}


class Supervisor:
    """Children and their last runs. One loop, woken by signals only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._runs: dict[str, plan.Run] = {}
        me = processes.identify(os.getpid())
        if me is None:
            raise RuntimeError("the system does not show this process to itself")
        self._me = me
        self._scratch: str | None = None

    def run(self) -> None:
        """Until told to leave."""
        wake = _signals_to_pipe({signal.SIGCHLD} | READ | LEAVE)
        self._record()
        while True:
            ready, _, _ = select.select([wake], [], [], LOOK_SECONDS)
            if not self._folder.exists():
                return self._kill()
            seen = set(os.read(wake, 4096)) if ready else set()
            self._reap()
            if seen & LEAVE:
                return self._leave()
            # At every wake: a start may have been asked for while the part's last process was still ending.
            self._start_wanted()

    def _start_wanted(self) -> None:
        wanted = plan.read_plan(self._folder)
        self._scratch = wanted.scratch if wanted else self._scratch
        for name, part in wanted.parts.items() if wanted else ():
            last = self._runs.get(name)
            if name not in self._children and part.round > (last.round if last else 0):
                self._start(name, part)

    def _start(self, name: str, part: plan.Part) -> None:
        try:
            child = _spawn(part)
        except OSError as error:
            # A program that went away is that part's trouble; the others keep their parent.
            Path(part.log).write_text(f"cannot start {part.argv[0]}: {error}\n")
            nobody = processes.Identity(pid=0, started="never")
            self._runs[name] = plan.Run(process=nobody, round=part.round, exit_code=NOT_STARTED)
            self._record()
            return
        who = processes.identify(child.pid) or processes.Identity(pid=child.pid, started="ended at once")
        self._children[name] = child
        self._runs[name] = plan.Run(process=who, round=part.round)
        self._record()

    def _reap(self) -> None:
        ended = {name: child.returncode for name, child in self._children.items() if child.poll() is not None}
        for name, code in ended.items():
            del self._children[name]
            run = self._runs[name]
            self._runs[name] = plan.Run(process=run.process, round=run.round, exit_code=code)
        if ended:
            self._record()

    def _record(self) -> None:
        plan.write(self._folder, plan.State(supervisor=self._me, parts=self._runs))

    def _kill(self) -> None:
        """The folder was deleted under us: nothing is left to stop in good order, nothing may be left running."""
        for name, child in self._children.items():
            # An immediate shutdown: PostgreSQL gives back its shared memory, which SIGKILL would leave in the system.
            child.send_signal(signal.SIGQUIT if name in options.DATABASES else signal.SIGKILL)
        for child in self._children.values():
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _leave(self) -> None:
        shutdown.end_parts(self._folder)
        for child in self._children.values():
            child.wait(timeout=10)
        self._reap()


def _spawn(part: plan.Part) -> subprocess.Popen[bytes]:
    with Path(part.log).open("ab") as log:
        return subprocess.Popen(  # noqa: S603  the plan is this user's own file
            part.argv,
            cwd=part.cwd,
            env=part.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=part.user,
            group=shutdown.group_of(part.user),
            extra_groups=[] if part.user else None,
        )


def _signals_to_pipe(signals: set[signal.Signals]) -> int:
    """A descriptor that reads the numbers of arrived signals. Handlers, not a mask: children inherit a mask."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    for one in signals:
        signal.signal(one, lambda *_: None)
    return read


def main() -> None:
    """Detach (the caller waits for a parent that leaves at once), then supervise."""
    if os.fork():
        os._exit(0)
    Supervisor(Path(sys.argv[1])).run()


if __name__ == "__main__":
    main()
