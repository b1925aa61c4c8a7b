"""A demo's report for a person: what happened, row by row, and whether it held. Plain text off a terminal."""

from __future__ import annotations

import rich.box
import rich.console
import rich.markup
import rich.table

from overgrow.demo.report import Limit, Report

WIDTH_OFF_TERMINAL = 100
Cell = str | None


def show(report: Report, console: rich.console.Console) -> None:
    """Print everything."""
    box = rich.box.ROUNDED if console.is_terminal and not console.is_dumb_terminal else rich.box.ASCII2
    for table in (_story(report, box), _tables(report, box), _limits(report, box)):
        console.print(table)
    failed = [name for name, held in report.checks.items() if not held]
    if failed:
        console.print(f"[bold red]did not hold: {', '.join(failed)}[/]")
    else:
        console.print(
            f"[bold green]all {len(report.checks)} checks hold[/]: nothing lost, nothing wrong, nothing twice"
        )


def _table(title: str, box: rich.box.Box, *columns: str) -> rich.table.Table:
    table = rich.table.Table(title=title, box=box, title_justify="left", title_style="bold", header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", overflow="fold")
    return table


def _story(report: Report, box: rich.box.Box) -> rich.table.Table:
    table = _table("What happened", box, "step", "number", "held")
    table.columns[1].justify = "left"
    for step, number, checks in _steps(report):
        held = [report.checks[name] for name in checks]
        mark = "" if not held else "[green]yes[/]" if all(held) else "[bold red]NO[/]"
        table.add_row(step, rich.markup.escape(number), mark)
    return table


def _steps(report: Report) -> list[tuple[str, str, tuple[str, ...]]]:
    books = {name: report.total(name) for name in ("received", "applied", "superseded", "filtered", "set_aside")}
    fates = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in list(books.items())[1:])
    kill, lag, planted = report.kill, report.lag, report.planted
    killed = f"{kill.worker} after {kill.seconds_into_live:.0f} s, {len(kill.parts)} partitions"
    key = ", ".join(f"{name}={value}" for name, value in planted.key.items())
    seen = f"{planted.expected} -> {planted.actual}" if planted.found else "not named by verify"
    return [
        ("snapshot", f"{report.snapshot_rows:,} rows in {_number(report.snapshot_seconds)} s", ()),
        (
            "live writes",
            f"{report.live_changes:,} changes in {report.live_seconds:.0f} s ({report.changes_per_second:.0f}/s)",
            ("live writes ran",),
        ),
        ("kill -9", f"{killed}; taken over in {_number(kill.failover_seconds)} s", ("killed and taken over",)),
        (
            "lag",
            f"p50 {_number(lag.p50_ms)} ms, p99 {_number(lag.p99_ms)} ms, {lag.events:,} events outside the failover",
            (),
        ),
        ("books", f"{books['received']:,} received = {fates}, {report.total('ignored'):,} ignored", ("books balance",)),
        ("lost", f"{report.lost:,}", ("nothing lost",)),
        ("wrong", f"{report.wrong:,} (verify: {report.verdict})", ("nothing wrong",)),
        ("applied twice", f"{len(report.range_faults):,}", ("each record applied once",)),
        (
            "two more proofs",
            "target = independent fold of the topics = mapped source, row by row",
            ("target = fold of the topics", "target = mapped source"),
        ),
        ("planted", f"{planted.table} {key} {planted.column}: {seen}", ("planted corruption found",)),
    ]


def _tables(report: Report, box: rich.box.Box) -> rich.table.Table:
    table = _table("At the end", box, "source -> target", "source rows", "in filter", "target rows", "lost", "differ")
    for one in report.tables:
        numbers = (one.source_rows, one.expected_rows, one.target_rows, one.lost, one.source_differences)
        way = rich.markup.escape(f"{one.source_table} -> {one.target_table}")
        table.add_row(way, *(f"{number:,}" for number in numbers))
    return table


def _limits(report: Report, box: rich.box.Box) -> rich.table.Table:
    table = _table("On this machine (compared, never a reason to fail)", box, "number", "measured", "wanted", "within")
    for limit in report.limits:
        table.add_row(limit.name, _number(limit.value), limit.wanted, _within(limit))
    return table


def _within(limit: Limit) -> str:
    if limit.held is None:
        return "not measured"
    return "[green]yes[/]" if limit.held else "[yellow]no[/]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
