"""`overgrow worker`: apply changes until told to stop."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from overgrow.workers.run import run_faust


@click.command()
@click.option("--name", help="Static membership id, unique per replica (a StatefulSet's pod name): quicker restarts.")
@click.option("--verbose", "-v", is_flag=True, help="Log every committed batch.")
@click.pass_obj
def worker(folder: Path, *, name: str | None, verbose: bool) -> None:
    """Apply changes until SIGTERM. Log events are JSON lines on stderr.

    Exit codes: 0 told to stop, 1 a bug (nothing of the failing batch is committed), 4 a named stop that needs a
    decision, 70 the watchdog found it alive but not working. In every case the next start resumes at the checkpoint.
    """
    sys.exit(run_faust(folder, name=name, verbose=verbose))
