"""`overgrow plan` and `overgrow apply`: what differs between the project and its live systems, and making it so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from overgrow.deployment import Deployment
from overgrow.project import Project
from overgrow.provision import Change, changes

SYSTEMS = ("source", "topics", "target", "connect")
_only = click.option("--only", type=click.Choice(SYSTEMS), multiple=True, help="Only this system (repeatable).")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per change on stdout.")


@click.command()
@_only
@_json
@click.pass_obj
def plan(folder: Path, *, only: tuple[Any, ...], as_json: bool) -> None:
    """Show what `apply` would change; changes nothing."""
    run(folder, only=only, as_json=as_json, make=False)


@click.command()
@_only
@_json
@click.option("--dry-run", is_flag=True, help="The same as `overgrow plan`.")
@click.pass_obj
def apply(folder: Path, *, only: tuple[Any, ...], as_json: bool, dry_run: bool) -> None:
    """Make what is missing, in order: publication, topics, target, connector. Drops and retypes nothing."""
    run(folder, only=only, as_json=as_json, make=not dry_run)


def run(folder: Path, *, only: tuple[Any, ...], as_json: bool, make: bool) -> None:
    """Print each change and, if asked, make it before looking for the next."""
    count = 0
    for change in changes(Deployment(Project.require(folder)), only):
        count += 1
        if make:
            change.make()
        click.echo(json.dumps({**change.to_json(), "done": make}) if as_json else _line(change, made=make))
    done = "made" if make else "to make"
    click.echo(f"{count} changes {done}" if count else "nothing to change", err=True)


def _line(change: Change, *, made: bool) -> str:
    detail = " ".join(change.detail.split())
    short = detail if len(detail) <= 60 else f"{detail[:57]}..."  # noqa: PLR2004 - a terminal's width
    return f"{'+' if made else '~'} {change.system:<8} {change.name:<28} {change.does}: {short}"
