"""`overgrow verify`: one complete check now."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import rich.console
import rich.markup
import rich.table

from overgrow.deployment import Deployment
from overgrow.project import Project
from overgrow.reconcile import Comparison, Difference, Report, Settings, Verify

EXIT = {"equal": 0, "different": 3, "undecided": 4}
_STYLES = {"equal": "bold green", "different": "bold red", "undecided": "bold yellow"}
_WIDTH_OFF_TERMINAL = 160
_VALUE_WIDTH = 60


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up when nothing has moved for so long.",
)
@click.option(
    "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="List at most so many differences."
)
@click.option("--values/--no-values", default=True, show_default=True, help="Show the values that differ.")
@click.pass_obj
def verify(folder: Path, *, as_json: bool, timeout: float, limit: int, values: bool) -> None:
    """Wait until everything the source shows is applied, then compare every row through the mapping.

    Exit codes: 0 equal; 3 different; 4 undecided, because the source is still being written; 1 a part of the pipeline
    stands still; 5 a system does not answer. Reads only.
    """
    deployment = Deployment(Project.require(folder))
    settings = Settings(patience=timeout, limit=limit)
    report = Verify(deployment, settings, lambda text: click.echo(text, err=True)).run()
    if as_json:
        click.echo(json.dumps(report.document(values=values), ensure_ascii=False, indent=2))
    else:
        _print(report, values=values)
    sys.exit(EXIT[report.verdict])


def _print(report: Report, *, values: bool) -> None:
    console = rich.console.Console(width=None if sys.stdout.isatty() else _WIDTH_OFF_TERMINAL, highlight=False)
    console.print(_counts(report))
    if report.differences:
        console.print()
        console.print(_listed(report, values=values))
        if report.differing > len(report.differences):
            console.print(f"and {report.differing - len(report.differences)} more rows (--limit)")
    if report.undecided_rows:
        console.print()
        console.print(_undecided(report))
    console.print()
    console.print(f"[{_STYLES[report.verdict]}]{report.verdict}[/]: {_sentence(report)}")


def _counts(report: Report) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("mapping")
    table.add_column("source -> target")
    headings = ("source rows", "in filter", "target rows", "equal", "missing", "extra", "different", "set aside")
    for heading in (*headings, "undecided"):
        table.add_column(heading, justify="right")
    for one in report.comparisons:
        way = f"{one.source_table} -> {one.target_table}"
        table.add_row(rich.markup.escape(one.mapping), rich.markup.escape(way), *_numbers(one))
    return table


def _numbers(one: Comparison) -> list[str]:
    counts = one.counts
    different = sum(counts.get(kind, 0) for kind in ("field_mismatch", "metadata", "collision", "untranslatable"))
    plain = [one.source_rows, one.in_filter, one.target_rows, one.equal]
    faults = [counts.get("missing", 0), counts.get("extra", 0), different, counts.get("set_aside", 0), one.undecided]
    return [f"{count:,}" for count in plain] + [f"[red]{count:,}[/]" if count else "0" for count in faults]


def _listed(report: Report, *, values: bool) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("target table", "key", "kind", "column", "expected", "found"):
        table.add_column(heading, overflow="fold")
    for difference in report.differences:
        for cells in _rows(difference, values=values):
            table.add_row(*(rich.markup.escape(cell) for cell in cells))
    return table


def _undecided(report: Report) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("target table")
    table.add_column("undecided key", overflow="fold")
    for one in report.undecided_rows:
        table.add_row(*(rich.markup.escape(cell) for cell in (one.target_table, _key(one.key))))
    return table


def _key(key: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in key.items())


def _rows(difference: Difference, *, values: bool) -> list[tuple[str, ...]]:
    key = _key(difference.key) or f"source {difference.source_key}"
    head = (difference.target_table, key, difference.kind)
    if not difference.columns:
        return [(*head, "", difference.cause, "")]
    return [
        (*(head if number == 0 else ("", "", "")), one.column, *_side_by_side(one.expected, one.actual, shown=values))
        for number, one in enumerate(difference.columns)
    ]


def _side_by_side(expected: str | None, actual: str | None, *, shown: bool) -> tuple[str, str]:
    """Both values, long ones from shortly before the first character that differs."""
    if not shown:
        return "(hidden)", "(hidden)"
    both = [("NULL" if value is None else repr(value)) for value in (expected, actual)]
    same = next((at for at, pair in enumerate(zip(*both, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, same - 10) if max(map(len, both)) > _VALUE_WIDTH else 0
    cut = [f"{'...' if start else ''}{text[start : start + _VALUE_WIDTH]}" for text in both]
    return cut[0], cut[1]


def _sentence(report: Report) -> str:
    took = f"{report.drain_seconds:.1f} s to drain, {report.compare_seconds:.1f} s to compare"
    quiet = "" if report.quiet else " The source is still being written."
    if report.verdict == "equal":
        rows = sum(one.equal for one in report.comparisons)
        if report.quiet:
            return f"all {rows:,} rows are what the mapping gives. {took}"
        return (
            f"all {rows:,} rows were seen equal in one of {report.rounds} rounds, not all at one moment.{quiet} {took}"
        )
    if report.verdict == "undecided":
        return (
            f"{report.undecided:,} rows have not been seen equal, none of them is proved to differ.{quiet} "
            f"Run it again when the writer rests. {took}"
        )
    aside = sum(one.counts.get("set_aside", 0) for one in report.comparisons)
    hint = f" {aside:,} of them are set aside: their causes are in overgrow.dead_letter." if aside else ""
    return f"{report.differing:,} rows differ.{hint}{quiet} {took}"
