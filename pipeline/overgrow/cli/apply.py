"""`overgrow plan` and `overgrow apply`: what differs between the project and its live systems, and making it so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.project import Project
from overgrow.provision import Change, changes, constraints
from overgrow.provision.start_over import changes as start_over_changes
from overgrow.reconcile import drained

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
@click.option("--dry-run", is_flag=True, help="Only show it.")
@click.option("--start-over", is_flag=True, help="First remove what the pipeline has made and EMPTY the mapped tables.")
@click.option("--constraints", "late", is_flag=True, help="Add and validate target.constraints; nothing else.")
@click.option("--yes", is_flag=True, help="With --start-over: do not ask.")
@click.pass_obj
def apply(
    folder: Path, *, only: tuple[Any, ...], as_json: bool, dry_run: bool, start_over: bool, late: bool, yes: bool
) -> None:
    """Make what is missing, in order: publication, topics, target, connector. Retypes nothing.

    With --constraints, for the end of a sync: add and validate what the files of target.constraints declare. Refused
    while a worker is there, or anything is not sent or not applied.

    With --start-over (for what the messages name: a second snapshot, a truncate, a topic made anew), the connector
    with its offsets, its slot, the topics and all rows, checkpoints and dead letters go first; then a new snapshot
    begins.
    """
    if late:
        if only or start_over:
            raise click.UsageError("--constraints stands alone; leave out --only and --start-over")
        _constraints(folder, as_json=as_json, make=not dry_run)
        return
    if start_over:
        if only:
            raise click.UsageError("--start-over is for all systems together; leave out --only")
        removals = start_over_changes(Deployment(Project.require(folder)))
        if not dry_run and not yes:
            click.confirm(
                "Stop the workers first. Empty the mapped target tables and begin anew?", abort=True, err=True
            )
        _each(removals, as_json=as_json, make=not dry_run)
        if dry_run:
            return
    run(folder, only=only, as_json=as_json, make=not dry_run)


def _constraints(folder: Path, *, as_json: bool, make: bool) -> None:
    deployment = Deployment(Project.require(folder))
    if not deployment.project.constraints:
        raise errors.ConfigurationError("overgrow.yaml: target.constraints names no file, or the files hold nothing")
    if make:
        drained.require(deployment, lambda line: click.echo(line, err=True))
    _sum_up(_each(constraints.changes(deployment), as_json=as_json, make=make), make=make)


def run(folder: Path, *, only: tuple[Any, ...], as_json: bool, make: bool) -> None:
    """Print each difference and, if asked, make it before looking for the next."""
    _sum_up(_each(changes(Deployment(Project.require(folder)), only), as_json=as_json, make=make), make=make)


def _sum_up(count: int, *, make: bool) -> None:
    done = "made" if make else "to make"
    click.echo(f"{count} changes {done}" if count else "nothing to change", err=True)


def _each(found: Iterable[Change], *, as_json: bool, make: bool) -> int:
    count = 0
    for change in found:
        count += 1
        if make:
            change.make()
        click.echo(json.dumps({**change.to_json(), "done": make}) if as_json else _line(change, made=make))
    return count


def _line(change: Change, *, made: bool) -> str:
    detail = " ".join(change.detail.split())
    short = detail if len(detail) <= 60 else f"{detail[:57]}..."  # noqa: PLR2004 - a terminal's width
    return f"{'+' if made else '~'} {change.system:<8} {change.name:<28} {change.does}: {short}"
