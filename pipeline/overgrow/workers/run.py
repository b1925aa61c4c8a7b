"""Start a host for a project, and turn how it ended into an exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import faust

from overgrow import __version__, errors
from overgrow.apply.engine import Engine, Observer
from overgrow.deployment import Deployment
from overgrow.doctor import running
from overgrow.observe import EventLog
from overgrow.project import Project
from overgrow.workers.claiming import Claimer, TopicIdentity
from overgrow.workers.confluent_host import ConfluentHost
from overgrow.workers.faust_app import ApplyApp, make_app
from overgrow.workers.health import Health
from overgrow.workers.relay import Relay
from overgrow.workers.settings import WorkerSettings
from overgrow.workers.watchdog import Watchdog

REFUSED = 4


def build(folder: Path, *, name: str | None = None, verbose: bool = False) -> ApplyApp:
    """The project's app, ready for `faust worker` or `run_faust`."""
    deployment = Deployment(Project.require(folder))
    settings = replace(WorkerSettings(), **deployment.project.worker, name=name)
    observe = EventLog(name or f"pid-{os.getpid()}", verbose=verbose)
    app = make_app(deployment.group, deployment.bootstrap, deployment.tables, settings)
    app.observe = observe
    app.engine = deployment.engine(observe)
    app.claimer = _claimer(deployment, app.engine, observe)
    app.task(Watchdog(app).run)
    app.task(app.watch_identity)
    app.task(_relay(deployment, observe).run)
    app.task(Health(partial(running, deployment), observe).run)
    return app


def _claimer(deployment: Deployment, engine: Engine, observe: Observer) -> Claimer:
    return Claimer(
        engine.sink,
        TopicIdentity(deployment.bootstrap),
        observe,
        lambda: asyncio.to_thread(deployment.check_identity),
    )


def _relay(deployment: Deployment, observe: Observer) -> Relay:
    return Relay(
        pipeline=deployment.pipeline,
        target_dsn=deployment.target_dsn,
        bootstrap=deployment.bootstrap,
        observe=observe,
    )


def _spare_the_collector() -> None:
    """Rows are acyclic and thousands at a time: the default threshold would scan them over and over for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def run_faust(folder: Path, *, name: str | None, verbose: bool) -> int:
    """Run until stopped; 0 told to stop, 1 a bug, 4 refused."""
    app = build(folder, name=name, verbose=verbose)
    app.event("started", version=__version__, group=app.conf.id)
    app.finalize()
    _spare_the_collector()
    worker = faust.Worker(app, loglevel=logging.WARNING, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # it hides the terminal's cursor, and writes that into log files too
    code: Any = 1
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        code = end.code or 0
    except errors.Refused as refused:
        app.refusal = app.refusal or refused
    except Exception as error:
        app.event("crashed", error=repr(error))
        logging.getLogger("overgrow").exception("the worker crashed; nothing of the failing batch was committed")
    if code and _was_told(worker) and app.crash_reason is None:
        # What the host stumbles over while it stops concerns nobody: what is committed is committed.
        app.event("untidy-stop", code=code)
        code = 0
    return _stopped(app.observe, REFUSED if app.refusal else int(code))


def _was_told(worker: Any) -> bool:  # noqa: ANN401 - faust.Worker
    return worker._signal_stop_future is not None  # noqa: SLF001 - set by its signal handlers, and by nothing else


def run_confluent(folder: Path, *, name: str | None, verbose: bool) -> int:
    """The same under the plain host; see confluent_host.py."""
    deployment = Deployment(Project.require(folder))
    observe = EventLog(name or f"pid-{os.getpid()}", verbose=verbose)
    observe("started", {"version": __version__, "group": deployment.group, "host": "confluent"})
    engine = deployment.engine(observe)
    host = ConfluentHost(
        group=deployment.group,
        bootstrap=deployment.bootstrap,
        topics=deployment.tables,
        settings=replace(WorkerSettings(), **deployment.project.worker, name=name),
        engine=engine,
        claimer=_claimer(deployment, engine, observe),
        observe=observe,
    )
    _spare_the_collector()
    try:
        health = Health(partial(running, deployment), observe)
        asyncio.run(_until_signalled(host, _relay(deployment, observe), health))
    except errors.Refused as refused:
        observe("refused", {"code": refused.code, "message": str(refused)})
        return _stopped(observe, REFUSED)
    except Exception as error:
        observe("crashed", {"error": repr(error)})
        logging.getLogger("overgrow").exception("the worker crashed; nothing of the failing batch was committed")
        return _stopped(observe, 1)
    return _stopped(observe, 0)


async def _until_signalled(host: ConfluentHost, relay: Relay, health: Health) -> None:
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, host.stop)
    # It also cuts a stop short: a chunk may be waiting for a target that is away, a thread for a broker, and neither
    # owes anybody a farewell.
    watching = loop.create_task(Watchdog(host).run())
    relaying = loop.create_task(relay.run())
    relaying.add_done_callback(lambda _: host.stop())  # it never returns: this is a bug, raised below
    looking = loop.create_task(health.run())
    try:
        await host.run()
    finally:
        watching.cancel()
        relaying.cancel()
        looking.cancel()
    if relaying.done():
        relaying.result()


def _stopped(observe: Observer, code: int) -> int:
    observe("stopped", {"code": code})
    return code
