"""`overgrow show`: what a mapping does with each column, as text, JSON or Markdown; its code; rows before and after."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from overgrow.cli.dictionary import Screen
from overgrow.mapping import TablePlan, dictionary
from overgrow.mapping.dictionary import Dictionary, Row, Sample
from overgrow.mapping.reference import schema as published
from overgrow.project import Project
from overgrow.sources import sample as live

_LIVE = "-"  # what `--sample` without a file stands for


@click.command
@click.argument("mapping", required=False)
@click.option("--all", "everything", is_flag=True, help="Every mapping of the project.")
@click.option("--json", "form", flag_value="json", help="One JSON document on stdout.")
@click.option("--markdown", "form", flag_value="markdown", help="A data dictionary for the project's documentation.")
@click.option("--code", is_flag=True, help="The generated functions.")
@click.option(
    "--sample",
    "file",
    is_flag=False,
    flag_value=_LIVE,
    metavar="[FILE]",
    help="Rows before and after: of the live source, or of an examples file or JSON.",
)
@click.option("--rows", type=click.IntRange(1, 100), default=1, show_default=True, help="How many of the live source.")
@click.option("--schema", is_flag=True, help="The JSON Schema of mapping documents, for editors. Needs no project.")
@click.pass_obj
def show(
    folder: Path,
    *,
    mapping: str | None,
    everything: bool,
    form: str | None,
    code: bool,
    file: str | None,
    rows: int,
    schema: bool,
) -> None:
    """What a mapping compiles to: fields, types, steps, ways back, SQL, code. Without MAPPING: the mappings.

    Connects to nothing, but with --sample to the source (read only, for seconds). Values that the mapping hides are
    shown after translation only.
    """
    if schema:
        click.echo(published.text(), nl=False)
        return
    _check(mapping, everything=everything, form=form, one=code or file is not None)
    project = Project.require(folder)
    plans = [project.plan(mapping)] if mapping else list(project.plans)
    told = [
        dictionary.describe(one, topic=project.topic(one), text=project.mapping_texts[one.mapping]) for one in plans
    ]
    if code and form != "json":
        click.echo(_code(project, plans[0]), nl=False)
        return
    samples = None if file is None else dictionary.translated(plans[0], _rows(project, plans[0], file, rows))
    if form == "markdown":
        click.echo(dictionary.page(told, samples or ()), nl=False)
    elif form == "json":
        found = _document(project, plans, told, samples, whole=mapping is not None or everything, code=code)
        click.echo(json.dumps(found[0] if mapping else {"mappings": found}, ensure_ascii=False, indent=2))
    else:
        _print(told, samples, whole=mapping is not None or everything)


def _check(mapping: str | None, *, everything: bool, form: str | None, one: bool) -> None:
    if mapping and everything:
        raise click.UsageError("give a MAPPING or --all")
    if form == "markdown" and not (mapping or everything):
        raise click.UsageError("--markdown needs a MAPPING, or --all")
    if one and not mapping:
        raise click.UsageError("--code and --sample need a MAPPING, which comes first: overgrow show MAPPING --sample")


def _code(project: Project, plan: TablePlan) -> str:
    first = project.codec(plan)
    further = [f"\n\n# {one.plan.name}\n{one.source}" for one in first.also]
    return "".join([first.source, *further])


def _rows(project: Project, plan: TablePlan, file: str, rows: int) -> list[Row]:
    if file == _LIVE:
        found = live.sample(project.source_dsn, plan, rows=rows)
        if not found:
            click.echo(f"{plan.source_table} has no row inside the filter", err=True)
        return [Row(name=_key(plan, row), values=row) for row in found]
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--sample {file}: {error}") from error
    return dictionary.read(text, file, plan)


def _key(plan: TablePlan, row: dict[str, object]) -> str:
    hidden = dictionary.hidden(plan)
    parts = [f"{name}={dictionary.HIDDEN if name in hidden else row[name]}" for name in plan.source_key]
    return ", ".join(parts)


def _document(
    project: Project,
    plans: Sequence[TablePlan],
    told: Sequence[Dictionary],
    samples: Sequence[Sample] | None,
    *,
    whole: bool,
    code: bool,
) -> list[dict[str, object]]:
    if not whole:
        return dictionary.listed(told)
    found = [dictionary.plain(plan, one, samples) for plan, one in zip(plans, told, strict=True)]
    return [{**one, "code": _code(project, plan)} if code else one for plan, one in zip(plans, found, strict=True)]


def _print(told: Sequence[Dictionary], samples: Sequence[Sample] | None, *, whole: bool) -> None:
    screen = Screen()
    if samples is not None:
        screen.samples(samples)
    elif not whole:
        screen.mappings(told)
    else:
        for number, one in enumerate(told):
            if number:
                click.echo()
            screen.dictionary(one)
