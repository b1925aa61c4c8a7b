"""`overgrow check`: the project's problems, all at once; with --live also what differs from the databases."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from overgrow.cli import catalogue
from overgrow.cli.wording import count
from overgrow.mapping import Problem
from overgrow.project import Project

_INVALID, _DIFFERENT = 2, 3


@click.command
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option("--live", is_flag=True, help="Also hold catalogue and DDL against the databases; exit 3 on a difference.")
@click.option("--record", is_flag=True, help="Write the catalogue of TABLE... (default: all recorded) from the source.")
@click.option("--dry-run", is_flag=True, help="With --record: show the difference, write nothing.")
@click.option("--yes", is_flag=True, help="With --record: do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def check(
    ctx: click.Context, *, tables: tuple[str, ...], live: bool, record: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Validate the project offline; every error at once.

    With --live the source is held against schemas/source and the target against the DDL; both are only read. With
    --record the files of schemas/source are written anew (TABLE is schema.table); the mappings are yours to mend.
    """
    folder: Path = ctx.obj
    if live and record:
        raise click.UsageError("--live looks, --record writes; give one of them")
    if not record and (tables or dry_run or yes):
        raise click.UsageError("TABLE, --dry-run and --yes belong to --record")
    if record:
        catalogue.record(folder, tables, ask=not yes, make=not dry_run, as_json=as_json)
        return
    project, problems = Project.load(folder)
    if project is None:
        _show(problems, {"mappings": []}, as_json=as_json)
        ctx.exit(_INVALID)
    mappings = [plan.mapping for plan in project.plans]
    refused = dict(project.refused)
    document: dict[str, Any] = {"mappings": mappings, **({"refused": refused} if refused else {})}
    seen = catalogue.seen(project) if live else None
    found = [] if seen is None else seen.problems
    document |= {} if seen is None else {"not_made": seen.not_made}
    _show(found, document, as_json=as_json)
    if found:
        ctx.exit(_DIFFERENT)
    click.echo(f"ok: {count(len(mappings), 'mapping')} ({', '.join(mappings)})", err=True)
    if seen is not None:
        click.echo(f"ok: {count(len(project.sources), 'source table')} as recorded", err=True)
        made = len(project.targets) - len(seen.not_made)
        click.echo(f"ok: {count(made, 'target table')} as declared", err=True)
        if seen.not_made:
            click.echo(f"not made yet: {', '.join(seen.not_made)}; next: `overgrow apply`", err=True)
    for table, reason in refused.items():
        click.echo(f"refused: {table}: {reason}", err=True)


def _show(problems: Sequence[Problem], document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        listed = [dataclasses.asdict(problem) for problem in problems]
        click.echo(json.dumps({"ok": not problems, "problems": listed, **document}, ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(str(problem))
    if problems:
        files = len({problem.file for problem in problems})
        click.echo(f"{count(len(problems), 'problem')} in {count(files, 'file')}", err=True)
