"""What `overgrow test` shows: failing examples field by field, then the tables of mappings and translators."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

import rich.console
import rich.markup
import rich.table

from overgrow.cli.wording import count
from overgrow.mapping.examples import Report, Result, Trial
from overgrow.mapping.examples.report import side_by_side

_WIDTH_OFF_TERMINAL = 160


def show(report: Report, failed: Iterable[Result], trials: Sequence[Trial], places: Mapping[str, str]) -> None:
    """`failed`: what is to be shown whole; `places`: file and line of each translator."""
    console = rich.console.Console(width=None if sys.stdout.isatty() else _WIDTH_OFF_TERMINAL, highlight=False)
    for one in failed:
        _print_failure(console, one)
    for trial in (one for one in trials if one.broken):
        _print_trial(console, trial, places[trial.translator])
    if report.coverage:
        console.print(_mappings(report))
    if trials:
        console.print()
        console.print(_translators(trials))


def _print_failure(console: rich.console.Console, one: Result) -> None:
    console.print(f"[bold red]FAIL[/] {rich.markup.escape(f'{one.file}:{one.line}: {one.name}')}", soft_wrap=True)
    for fault in one.faults:
        console.print(f"       {rich.markup.escape(fault)}", soft_wrap=True)
    if not all(line.same for line in one.fields):
        table = _table(("     ", "field", "expected", "found"))
        for line in one.fields:
            shown = side_by_side(line.expected, line.found)
            style = None if line.same else "red"
            table.add_row("" if line.same else "    !", *map(rich.markup.escape, (line.field, *shown)), style=style)
        console.print(table)
    console.print()


def _print_trial(console: rich.console.Console, one: Trial, place: str) -> None:
    head = f"{place}: translator {one.translator}: {one.broken:,} of {count(one.tried, 'input')} not held"
    console.print(f"[bold red]FAIL[/] {rich.markup.escape(head)}, the shortest:", soft_wrap=True)
    table = _table(("     ", "code", "input", "output", "came"))
    for trip in one.trips:
        table.add_row("    !", *map(rich.markup.escape, trip.describe().values()))
    console.print(table)
    console.print()


def _mappings(report: Report) -> rich.table.Table:
    table = _table(("mapping",))
    for heading in ("examples", "passed", "failed", "fields expected"):
        table.add_column(heading, justify="right")
    for one in report.coverage:
        results = report.of(one.mapping)
        failed = sum(not result.passed for result in results)
        fields = f"{len(one.expected)} of {len(one.expected) + len(one.unexpected)}"
        bad = f"[red]{failed}[/]" if failed else "0"
        table.add_row(rich.markup.escape(one.mapping), str(len(results)), str(len(results) - failed), bad, fields)
    return table


def _translators(trials: Iterable[Trial]) -> rich.table.Table:
    table = _table(("translator",))
    for heading in ("inputs", "refused", "not held"):
        table.add_column(heading, justify="right")
    table.add_column("way back")
    for one in trials:
        broken = f"[red]{one.broken:,}[/]" if one.broken else "0"
        back = "tried" if one.inverse else "none declared"
        table.add_row(rich.markup.escape(one.translator), f"{one.tried:,}", f"{one.refused:,}", broken, back)
    return table


def _table(headings: Sequence[str]) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
