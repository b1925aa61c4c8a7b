"""`overgrow show`: one compiled mapping, for reading or as JSON, with its generated code on request."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import rich.console
import rich.markup
import rich.table

from overgrow.mapping import Field, TablePlan
from overgrow.mapping.words.step import Step, argument
from overgrow.project import Project

_WIDTH_OFF_TERMINAL = 160


@click.command
@click.argument("mapping")
@click.option("--json", "as_json", is_flag=True, help="The whole plan as one JSON document.")
@click.option("--code", is_flag=True, help="The generated row function.")
@click.pass_context
def show(ctx: click.Context, mapping: str, *, as_json: bool, code: bool) -> None:
    """The compiled mapping: fields, types, inverse, generated code."""
    folder: Path = ctx.obj
    project = Project.require(folder)
    plan = project.plan(mapping)
    if code:
        click.echo(project.codec(plan).source, nl=False)
    elif as_json:
        click.echo(json.dumps({**plan.describe(), "topic": project.topic(plan)}, ensure_ascii=False, indent=2))
    else:
        _print(project, plan)


def _print(project: Project, plan: TablePlan) -> None:
    console = rich.console.Console(
        width=None if sys.stdout.isatty() else _WIDTH_OFF_TERMINAL, highlight=False, soft_wrap=False
    )
    for name, value in _head(project, plan):
        console.print(f"[bold]{name:<9}[/bold] {rich.markup.escape(value)}")
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("field", "type", "from", "do", "way back"):
        table.add_column(heading, overflow="fold")
    for field in plan.fields:
        table.add_row(*(rich.markup.escape(cell) for cell in _cells(field)))
    console.print()
    console.print(table)
    if plan.dropped:
        console.print()
        console.print(f"[bold]{'dropped':<9}[/bold] {rich.markup.escape(', '.join(plan.dropped))}")


def _head(project: Project, plan: TablePlan) -> list[tuple[str, str]]:
    identity = "the source key under other names" if plan.key_identity else "translated; rows carry _og_key"
    return [
        ("mapping", f"{plan.mapping} version {plan.version} ({plan.file}, sha256 {plan.digest[:12]})"),
        ("source", f"{plan.source_table} key ({', '.join(plan.source_key)}), replica identity {plan.replica_identity}"),
        ("topic", project.topic(plan)),
        ("target", f"{plan.target_table} key ({', '.join(plan.target_key)}): {identity}"),
        ("where", plan.where_sql),
        ("on", ", ".join(f"{event}: {policy}" for event, policy in plan.policies.items())),
    ]


def _cells(field: Field) -> tuple[str, ...]:
    column = field.target
    type_text = column.type_text if column.nullable else f"{column.type_text} not null"
    if field.constant is not None:
        return column.name, type_text, f"constant {field.constant!r}", "", "not needed"
    steps = ", ".join(map(_step, field.steps))
    return column.name, type_text, ", ".join(field.inputs), steps, field.one_way or "yes"


def _step(step: Step) -> str:
    given = argument(step)
    pairs = given.pop("pairs", None)
    if isinstance(pairs, list):
        return f"{step.word} " + " ".join(f"{str(code).strip()}={meaning}" for code, meaning in pairs)
    return " ".join([step.word, *(str(value) if len(given) == 1 else f"{k}={value}" for k, value in given.items())])
