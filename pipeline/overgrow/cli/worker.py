"""`overgrow worker`: apply changes until told to stop."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from overgrow.workers.run import run_confluent, run_faust


@click.command()
@click.option("--name", help="Static membership id, unique per replica (a StatefulSet's pod name): quicker restarts.")
@click.option("--verbose", "-v", is_flag=True, help="Log every committed batch.")
@click.option("--host", type=click.Choice(["faust", "confluent"]), default="faust", show_default=True)
@click.pass_obj
def worker(folder: Path, *, name: str | None, verbose: bool, host: str) -> None:
    """Apply changes until SIGTERM. Log events are JSON lines on stderr.

    Exit codes: 0 told to stop, 1 a bug (nothing of the failing batch is committed), 4 a named stop that needs a
    decision, 70 the watchdog found it alive but not working. In every case the next start resumes at the checkpoint.
    """
    run = run_faust if host == "faust" else run_confluent
    code = run(folder, name=name, verbose=verbose)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the hosts' threads may still run: the interpreter's own farewell would pull their loops away
