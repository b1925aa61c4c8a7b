"""`overgrow books`: what the source says it sent against what was received."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import rich.console
import rich.markup
import rich.table

from overgrow.deployment import Deployment
from overgrow.project import Project
from overgrow.reconcile.source_books import Missing
from overgrow.reconcile.source_reading import Settings, SourceReading
from overgrow.reconcile.source_report import SourceReport

EXIT = {"closed": 0, "missing": 3, "undecided": 4}
_STYLES = {"closed": "bold green", "missing": "bold red", "undecided": "bold yellow"}
_WIDTH_OFF_TERMINAL = 160


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--since-start", is_flag=True, help="Read every partition from offset 0, and compare the counts as well.")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    metavar="RECORDS",
    help="Read so many records of each partition.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up when nothing has moved for so long.",
)
@click.pass_obj
def books(folder: Path, *, as_json: bool, since_start: bool, last: int, timeout: float) -> None:
    """Match the source's own count of events, transaction by transaction, with what the workers have received.

    Exit codes: 0 closed; 3 events are missing, by transaction and table; 4 undecided, because connector or workers
    stand still; 5 a system does not answer. Reads only.
    """
    settings = Settings(last=None if since_start else last, patience=timeout)
    report = SourceReading(Deployment(Project.require(folder)), settings, lambda text: click.echo(text, err=True)).run()
    if as_json:
        click.echo(json.dumps(report.document(), ensure_ascii=False, indent=2))
    else:
        _print(report)
    for line in _alarms(report):
        click.echo(f"overgrow: {line}", err=True)
    sys.exit(EXIT[report.verdict])


def _print(report: SourceReport) -> None:
    console = rich.console.Console(width=None if sys.stdout.isatty() else _WIDTH_OFF_TERMINAL, highlight=False)
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("table")
    for heading in ("transactions", "told", "received", "missing"):
        table.add_column(heading, justify="right")
    for name, one in report.tables.items():
        missing = f"[red]{one.missing:,}[/]" if one.missing else "0"
        counts = (f"{one.transactions:,}", f"{one.told:,}", f"{one.received:,}", missing)
        table.add_row(rich.markup.escape(name), *counts)
    console.print(table)
    console.print()
    console.print(f"[{_STYLES[report.verdict]}]{report.verdict}[/]: {rich.markup.escape(_sentence(report))}")


def _sentence(report: SourceReport) -> str:
    parts = [f"{report.closed:,} transactions matched"]
    if report.unjudged:
        parts.append(f"{report.unjudged:,} that lie partly before the reading not judged")
    if report.open:
        parts.append(f"{report.open:,} open")
    if report.whole:
        parts.append("records and checkpoints counted from the first offset")
    else:
        parts.append("counts not compared with the checkpoints (that needs --since-start and all records kept)")
    return f"{'; '.join(parts)}. {report.seconds:.1f} s"


def _alarms(report: SourceReport) -> list[str]:
    lines = [_missing(one) for one in report.alarms]
    if report.alarmed > len(report.alarms):
        lines.append(f"ALARM and {report.alarmed - len(report.alarms):,} more")
    lines += [
        f"ALARM {one.part}: {one.records:,} records lie below its checkpoint {one.next}, its books received "
        f"{one.received:,}; next: overgrow verify"
        for one in report.partitions
        if one.differs
    ]
    if report.standing:
        lines.append(f"{report.standing}; next: overgrow doctor")
    return lines


def _missing(one: Missing) -> str:
    shown = ", ".join(map(str, one.orders)) + (", ..." if one.missing > len(one.orders) else "")
    return (
        f"ALARM transaction {one.transaction}, table {one.table}: {one.missing:,} of {one.told:,} events are missing "
        f"(number {shown} of its events); next: overgrow verify"
    )
