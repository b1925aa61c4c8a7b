"""Start the Faust host for a project, and turn how it ended into an exit code."""

from __future__ import annotations

import gc
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import mode.loop

mode.loop.use("uvloop")  # before faust is imported: its threads take the policy

import faust  # noqa: E402

from overgrow import __version__, errors  # noqa: E402
from overgrow.observe import EventLog  # noqa: E402
from overgrow.project import Project  # noqa: E402
from overgrow.workers.assembly import Deployment, TopicIdentity  # noqa: E402
from overgrow.workers.faust_app import ApplyApp, make_app  # noqa: E402
from overgrow.workers.settings import WorkerSettings  # noqa: E402
from overgrow.workers.watchdog import Watchdog  # noqa: E402

REFUSED = 4


def build(folder: Path, *, name: str | None = None, verbose: bool = False) -> ApplyApp:
    """The project's app, ready for `faust worker` or `run_faust`."""
    deployment = Deployment(Project.require(folder))
    settings = replace(WorkerSettings(), **deployment.project.worker, name=name)
    observe = EventLog(name or f"pid-{os.getpid()}", verbose=verbose)
    app = make_app(deployment.group, deployment.bootstrap, deployment.tables, settings)
    app.observe = observe
    app.identity = TopicIdentity(deployment.bootstrap)
    app.engine = deployment.engine(observe)
    app.task(Watchdog(app).run)
    return app


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
    ended = REFUSED if app.refusal else int(code)
    app.event("stopped", code=ended)
    return ended
