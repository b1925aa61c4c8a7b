"""The order of events of a demo run.

    stack -> seed -> apply -> two workers -> snapshot -> live writes, a worker killed -> verify -> fold the topics
        -> plant a corruption -> verify names it -> stop everything -> report

Guarantees: whatever it started is stopped when it returns or raises (but for a stack that is to be kept); the logs of a
run that failed stay, and it says where. Called by `overgrow demo`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from overgrow import errors
from overgrow.demo import page
from overgrow.demo.act import Act
from overgrow.demo.children import Children
from overgrow.demo.crew import Crew
from overgrow.demo.report import Report
from overgrow.demo.scene import Say, Scene
from overgrow.demo.settings import Options, Script
from overgrow.project import Project
from overgrow.stack import Endpoints, Stack
from overgrow.stack.plan import LOGS

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def tell(project: Project, options: Options) -> Report:
    """Run the story; the report is written, too."""
    script = Script.of(project)
    _clear(options)
    began, started_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - began:6.1f} s] {text}", err=True)

    with _stop_on_signals(say), _stack(options, project.root, say) as (folder, where, settle):
        env = {**os.environ, **where.env()}
        children = Children(logs=folder / LOGS, env=env, cwd=project.root)
        with ExitStack() as stop:
            stop.callback(children.stop)
            stop.callback(children.stop)  # a signal may interrupt the first
            crew = Crew(children=children, project=project.root)
            scene = Scene(project=project, script=script, options=options, where=where)
            act = Act(scene, crew, say, started_at=started_at)
            act.durations["stack"] = round(time.monotonic() - began, 3)
            act.play(Stack(folder).status())
        stopping = time.monotonic()
        settle(held=act.held)
        act.durations["stop"] = round(time.monotonic() - stopping, 3)
        act.durations["total"] = round(time.monotonic() - began, 3)
        report = act.report()
        report.write(options.report)
        page.write(report, options.page)
    return report


def _clear(options: Options) -> None:
    """Have a folder to write to, now and not after the run; an old report must not pass for this run's."""
    report = options.report
    if report == options.page:
        raise errors.ConfigurationError(f"--report {report}: the page takes that name; choose one that ends in .json")
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.unlink(missing_ok=True)
        options.page.unlink(missing_ok=True)
    except OSError as error:
        raise errors.ConfigurationError(f"--report {report}: {error.strerror}; choose another file") from error
    if not os.access(report.parent, os.W_OK | os.X_OK):
        raise errors.ConfigurationError(f"--report {report}: its folder is not writable; choose another file")


@contextmanager
def _stack(options: Options, root: Path, say: Say) -> Iterator[tuple[Path, Endpoints, Callable[..., None]]]:
    """A stack of its own; `settle` ends it and may be called before the block's end."""
    folder = Path(tempfile.mkdtemp(prefix="overgrow-demo-"))
    stack = Stack(folder, say=say)
    settled = False

    def settle(*, held: bool) -> None:
        nonlocal settled
        if not held:
            _keep_logs(folder, say)
        if held and options.keep:
            _say_kept(folder, root, say)
        else:
            stack.down()
        settled = True  # not before: a signal may have interrupted it

    try:
        say(f"starting Kafka, Connect and two PostgreSQL servers in {folder}")
        yield folder, stack.up(), settle
    finally:
        if not settled:
            settle(held=False)


def _keep_logs(folder: Path, say: Say) -> None:
    logs = folder / LOGS
    if logs.exists():
        kept = Path(tempfile.mkdtemp(prefix="overgrow-demo-logs-"))
        shutil.copytree(logs, kept, dirs_exist_ok=True)
        say(f"it broke off or did not hold; the log of every process: {kept}")


def _say_kept(folder: Path, root: Path, say: Say) -> None:
    program = Path(sys.argv[0])
    words = [sys.executable, "-m", "overgrow"] if program.suffix == ".py" else [str(program)]
    overgrow = shlex.join([*words, *([] if root == Path.cwd() else ["--project", str(root)])])
    say("the stack is kept, its workers are not; the planted value is still in the target. To look around:")
    for line in (
        f'eval "$({overgrow} stack --dir {folder} env)"',
        f"{overgrow} status",
        f"{overgrow} verify",
        f"{overgrow} worker --name w1",
        'psql "$OVERGROW_TARGET_DSN"',
        f"{overgrow} stack --dir {folder} down   # stops and removes it",
    ):
        say(f"  {line}")


@contextmanager
def _stop_on_signals(say: Say) -> Iterator[None]:
    """A signal ends the story where it stands; the next ones wait until everything is stopped."""

    def leave(signum: int, frame: FrameType | None) -> None:
        del frame
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        say(f"{signal.Signals(signum).name}: stopping everything")
        raise SystemExit(128 + signum)

    before = {one: signal.signal(one, leave) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
