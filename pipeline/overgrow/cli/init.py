"""`overgrow init`: draft a project from a live legacy database."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import click

from overgrow import draft as drafting

_SAMPLE = 10_000


@click.command()
@click.option(
    "--from",
    "dsn",
    required=True,
    envvar="OVERGROW_SOURCE_DSN",
    show_envvar=True,
    metavar="DSN",
    help="The legacy PostgreSQL; its role needs to read.",
)
@click.option("--context", required=True, metavar="NAME", help="The new model: its schema, pipeline and package.")
@click.option("--schema", "schemas", multiple=True, help="Only this schema (repeatable).", show_default="all")
@click.option("--table", "tables", multiple=True, metavar="SCHEMA.TABLE", help="Only this table (repeatable).")
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=_SAMPLE,
    show_default=True,
    help="Rows looked at per table; 0: none.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; list the files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout: files, tables, decisions.")
@click.pass_obj
def init(
    folder: Path,
    *,
    dsn: str,
    context: str,
    schemas: tuple[str, ...],
    tables: tuple[str, ...],
    sample: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Draft a project from a live legacy PostgreSQL: connector, catalogue, mappings, target DDL.

    The draft passes `overgrow check` as it is; what a person must decide is listed in DECISIONS.md. Only reads the
    source. Writes into an empty place of the project's folder or not at all: a file that exists is never overwritten.
    """
    drafting.check_context(context)
    drafting.refuse_existing(folder, drafting.ALWAYS)  # before anything is asked of the source
    made = _draft(dsn, context, schemas, tables, sample)
    drafting.refuse_existing(folder, made.files)
    drafting.prove(made.files)
    if not dry_run:
        drafting.write(folder, made.files)
    if as_json:
        click.echo(json.dumps(_document(context, made, written=not dry_run), ensure_ascii=False, indent=2))
    else:
        for name in made.files:
            click.echo(f"{'~' if dry_run else '+'} {name}")
    _sum_up(made, written=not dry_run)


def _draft(dsn: str, context: str, schemas: tuple[str, ...], tables: tuple[str, ...], sample: int) -> drafting.Draft:
    profiles: dict[str, dict[str, drafting.Profile]] = {}
    unsampled: dict[str, str] = {}
    with drafting.reading(dsn) as connection:
        database = drafting.look(connection, schemas=schemas, tables=tables)
        choice = drafting.chosen(database)
        for number, one in enumerate(choice.mapped, start=1):
            name = one.table.full_name
            click.echo(f"[{number}/{len(choice.mapped)}] {name}", err=True)
            columns = [field.column for field in one.fields]
            profiles[name], why = drafting.profiles(connection, one.table, columns, sample)
            unsampled |= {name: why} if why else {}
    found = drafting.Sample(profiles=profiles, unsampled=unsampled)
    placeholder = f"__og_absent_{secrets.token_hex(10)}__"
    return drafting.draft(context, database, choice, found, placeholder=placeholder)


def _document(context: str, made: drafting.Draft, *, written: bool) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "context": context,
        "written": written,
        "files": list(made.files),
        "mapped": {one.table.full_name: f"{context}.{one.target}" for one in made.choice.mapped},
        "refused": {one.table: one.reason for one in made.choice.refused},
        "decisions": [one.document() for one in made.decisions],
    }


def _sum_up(made: drafting.Draft, *, written: bool) -> None:
    blocking = sum(one.question.blocking for one in made.decisions)
    click.echo(
        f"{len(made.choice.mapped)} tables mapped, {len(made.choice.refused)} refused; {len(made.decisions)} decisions"
        f" ({blocking} before `overgrow apply`) in DECISIONS.md"
        + ("; next: overgrow check" if written else "; nothing was written"),
        err=True,
    )
