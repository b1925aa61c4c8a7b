"""Does the connector run, with every task, under the project's settings?"""

from __future__ import annotations

from collections.abc import Iterator

from overgrow.doctor.facts import Connector, Task, Wanted
from overgrow.doctor.finding import Finding, On

PASSING = frozenset({"UNASSIGNED", "RESTARTING"})  # while Connect rebalances or starts something
_RESTART = "mend the cause, then overgrow apply --only connect"
_AGAIN = "overgrow doctor again; if it stays, Connect's log"


def judge(seen: Connector | None, wanted: Wanted, *, made: bool) -> Iterator[Finding]:
    """Everything."""
    yield from running(seen, wanted, made=made)
    if seen is not None:
        yield _config(seen, wanted)


def running(seen: Connector | None, wanted: Wanted, *, made: bool) -> Iterator[Finding]:
    """The connector's state and, above all, its tasks'."""
    exists = On("connector-exists", "connect", wanted.connector)
    if seen is None:
        text, then = "there is no such connector", "overgrow apply --only connect"
        yield exists.fail(f"{text}: nothing is sent", then) if made else exists.warn(f"{text} yet", "overgrow apply")
        return
    yield exists.ok("there")
    on = On("connector-running", "connect", wanted.connector)
    if seen.state == "RUNNING":
        yield on.ok("RUNNING")
    elif seen.state in PASSING:
        yield on.warn(f"{seen.state}, which should pass", _AGAIN)
    else:
        yield on.fail(f"{seen.state}: {seen.cause}" if seen.cause else seen.state, _RESTART)
    if seen.state == "RUNNING" and not seen.tasks:
        yield On("task-running", "connect", wanted.connector).fail(
            "it has no task: a RUNNING connector without one sends nothing", _AGAIN
        )
    for task in seen.tasks:
        yield _task(task, wanted.connector, seen.state)


def _task(task: Task, connector: str, state: str) -> Finding:
    on = On("task-running", "connect", f"{connector}/{task.id}")
    if task.state == "RUNNING":
        return on.ok("RUNNING")
    if task.state in PASSING:
        return on.warn(f"{task.state}, which should pass", _AGAIN)
    under = f" behind a {state} connector" if task.state != state else ""
    return on.fail(f"{task.state}{under}{': ' if task.cause else ''}{task.cause}", _RESTART)


def _config(seen: Connector, wanted: Wanted) -> Finding:
    on = On("connector-config", "connect", wanted.connector)
    differing = sorted(
        name for name in seen.config.keys() | wanted.config.keys() if seen.config.get(name) != wanted.config.get(name)
    )
    if not differing:
        return on.ok(f"{len(wanted.config)} settings as in the project")
    return on.fail(f"not the project's: {', '.join(differing)}", "overgrow plan, then overgrow apply --only connect")
