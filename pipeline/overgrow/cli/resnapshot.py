"""`overgrow resnapshot`: a new snapshot of everything, counted as a generation, and the sweep behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from overgrow.deployment import Deployment
from overgrow.project import Project
from overgrow.resnapshot import Resnapshot
from overgrow.sinks.postgres.generations import Swept

allow_option = click.option(
    "--allow",
    type=click.IntRange(min=0),
    metavar="ROWS",
    help="Let the sweep remove so many rows of a table [default: a hundredth of it, or 100].",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


@click.command()
@click.option("--again", is_flag=True, help="Begin another generation although one waits for its end.")
@allow_option
@click.option("--timeout", type=click.FloatRange(min=1), default=120.0, show_default=True, metavar="SECONDS",
              help="Give up when nothing has moved for so long; the next run goes on.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def resnapshot(
    folder: Path, *, again: bool, allow: int | None, timeout: float, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Take a new snapshot while workers run, and remove the target rows that it did not show.

    For lost changes (a lost slot), an interrupted snapshot, a target of which nobody knows what it lacks. Workers must
    run. A run that broke off goes on where it was.
    """
    run = Resnapshot(
        Deployment(Project.require(folder)), lambda text: click.echo(text, err=True), allow=allow, patience=timeout
    )
    for number, step in enumerate(run.plan(again=again), 1):
        click.echo(f"{number}. {step}", err=True)
    if dry_run:
        return
    if not yes:
        click.confirm("Go on?", abort=True, err=True)
    show(run.run(again=again), as_json=as_json)


def show(swept: Mapping[str, Swept], *, as_json: bool) -> None:
    """What was swept, by table."""
    if as_json:
        click.echo(
            json.dumps(
                {name: {"rows": one.rows, "removed": one.removed, "kept": one.kept} for name, one in swept.items()},
                indent=2,
            )
        )
        return
    for name, one in swept.items():
        click.echo(f"{name:<28} {one.removed} of {one.rows} rows removed, {one.kept} kept for their dead letters")
