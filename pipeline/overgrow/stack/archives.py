"""Class archives (AppCDS) beside the jars: with them a broker and Connect start in half the time.

Made once for each Java by a rehearsal: both start once and leave in good order. Never needed: where the rehearsal fails
there are none, and the JVM ignores one that does not fit its build or its class path.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from overgrow.stack import kafka, plan, ports, processes, ready
from overgrow.stack.failures import StackError
from overgrow.stack.jars import Jars, locked
from overgrow.stack.options import PARTS, Options, endpoints

READY_SECONDS, LEAVE_SECONDS = 90.0, 60.0
WORK, JVMS = "rehearsal-", ("kafka", "connect")


def make(program: str, jars: Jars, say: Callable[[str], None]) -> None:
    """Make the archives for this Java unless that was done, or tried, before."""
    if jars.archives.exists():
        return
    with locked(jars.lock):
        _sweep(jars.folder)
        if jars.archives.exists():
            return
        say("jars: first start with this Java: a rehearsal makes the next ones faster")
        work = Path(tempfile.mkdtemp(prefix=WORK, dir=jars.folder))
        made = work / "archives"
        made.mkdir()
        try:
            _rehearse(program, jars, work, made)
        except (StackError, subprocess.TimeoutExpired) as error:
            say(f"jars: no class archives, starts stay slower: {error}")
        made.rename(jars.archives)
        shutil.rmtree(work)


def _sweep(folder: Path) -> None:
    """What a rehearsal left that was killed."""
    for work in folder.glob(f"{WORK}*"):
        processes.end([who for name in JVMS for who in processes.in_folder(work / name)], signal.SIGKILL, 10)
        shutil.rmtree(work)


def _rehearse(program: str, jars: Jars, work: Path, made: Path) -> None:
    numbers = ports.free((*PARTS, "controller"))
    broker, connect = kafka.write_folders(jars, work, numbers, Options())
    kafka.format_storage(program, jars, broker)
    first = kafka.broker_part(program, jars, broker, work / "kafka.log", Options())
    second = kafka.connect_part(program, jars, connect, work / "connect.log", Options(), numbers)
    with _running(first, made / "kafka.jsa"), _running(second, made / "connect.jsa"):
        for name in JVMS:
            until = time.monotonic() + READY_SECONDS
            while not ready.answers(name, endpoints(numbers)):
                if time.monotonic() > until:
                    raise StackError(f"{name} does not answer within {READY_SECONDS:g} s")
                time.sleep(0.1)


@contextmanager
def _running(part: plan.Part, archive: Path) -> Iterator[None]:
    """Run the part; it writes its archive when it leaves in good order."""
    part = replace(part, argv=[part.argv[0], f"-XX:ArchiveClassesAtExit={archive}", *part.argv[1:]])
    with Path(part.log).open("ab") as log:
        run = subprocess.Popen(  # noqa: S603  program found by java.find
            part.argv, cwd=part.cwd, env=part.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield
        run.terminate()
        run.wait(LEAVE_SECONDS)
    finally:
        run.kill()
        run.wait()
