"""`overgrow adopt`: accept recreated topics or another source, with a new epoch and a new snapshot."""

from __future__ import annotations

import json
from pathlib import Path

import click

from overgrow.cli.resnapshot import allow_option, json_option, show
from overgrow.deployment import Deployment
from overgrow.project import Project
from overgrow.resnapshot import Adoption


@click.command()
@allow_option
@click.option("--dry-run", is_flag=True, help="Only name the differences; exit 3 if there are any.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def adopt(folder: Path, *, allow: int | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Begin an epoch: every checkpoint and claim anew, at the topics' ends, and a new snapshot with a sweep.

    For what `identity-changed` named, when it is meant. Nothing is lost: the snapshot shows what the source has, the
    sweep removes what it no longer has.
    """
    adoption = Adoption(Deployment(Project.require(folder)), lambda text: click.echo(text, err=True))
    found = adoption.differences()
    if as_json and dry_run:
        click.echo(json.dumps({"differences": found}, indent=2))
    for one in found:
        click.echo(one, err=True)
    if not found:
        click.echo("nothing to adopt: topics and source are those of the checkpoints", err=True)
        return
    click.echo(
        "adopting begins an epoch for every table of the pipeline, and takes a new snapshot of all of them", err=True
    )
    if dry_run:
        raise SystemExit(3)
    if not yes:
        click.confirm("Go on?", abort=True, err=True)
    show(adoption.run(allow=allow), as_json=as_json)
