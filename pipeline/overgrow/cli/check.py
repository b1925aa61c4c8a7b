"""`overgrow check`: the project's problems, all at once, without any live system."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from overgrow.project import Project


@click.command
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def check(ctx: click.Context, *, as_json: bool) -> None:
    """Validate the project offline; every error at once."""
    folder: Path = ctx.obj
    project, problems = Project.load(folder)
    mappings = [] if project is None else [plan.mapping for plan in project.plans]
    refused = {} if project is None else dict(project.refused)
    if as_json:
        shown = [dataclasses.asdict(problem) for problem in problems]
        document = {"ok": not problems, "problems": shown, "mappings": mappings}
        document |= {"refused": refused} if refused else {}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(str(problem))
    if problems:
        files = len({problem.file for problem in problems})
        click.echo(f"{_count(len(problems), 'problem')} in {_count(files, 'file')}", err=True)
        ctx.exit(2)
    click.echo(f"ok: {_count(len(mappings), 'mapping')} ({', '.join(mappings)})", err=True)
    for table, reason in refused.items():
        click.echo(f"refused: {table}: {reason}", err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
