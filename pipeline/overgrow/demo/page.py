"""A demo's report as one HTML file: the outcome, plots of lag and rate with the kill in them, the books of each table.

Guarantees: the file needs nothing else, no network and no script; it shows only what `report.json` holds. Called by
the story.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from overgrow.demo.plot import Bar, Line, Mark, bars, lines
from overgrow.demo.report import BOOKS, Report

Cell = str | float | None
LAG_TOLD = (
    "From the commit in the source to the commit in the target, by the second in which the source changed. The axis is"
    " logarithmic; the shaded part is the failover."
)
FATES = BOOKS[1:]
COLOURS = {name.replace("_", " "): "aside" if name == "set_aside" else name for name in FATES}


def write(report: Report, path: Path) -> None:
    """Write the file."""
    path.write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """The whole text."""
    style = resources.files("overgrow.demo").joinpath("page.css").read_text(encoding="utf-8")
    parts = [
        "<h1>overgrow demo</h1>",
        f'<p class="soft">{_text(report.started_at)}, {report.durations.get("total", 0.0):.0f} s in all</p>',
        _verdict(report),
        _tiles(report),
        _over_time(report),
        _books(report),
        _tables(report),
        _limits(report),
        _workers(report),
        _versions(report),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>overgrow demo</title>'
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>\n{style}</style></head>\n<body>{body}</body></html>\n'


def _verdict(report: Report) -> str:
    failed = [name for name, held in report.checks.items() if not held]
    if failed:
        return f'<p class="verdict bad">did not hold: {_text(", ".join(failed))}</p>'
    checks = _text("; ".join(report.checks))
    return f'<p class="verdict good">all {len(report.checks)} checks hold<br><span class="soft">{checks}</span></p>'


def _tiles(report: Report) -> str:
    kill = report.kill
    shown = [
        ("rows in the snapshot", f"{report.snapshot_rows:,}"),
        ("live changes", f"{report.live_changes:,}"),
        ("lost / wrong / twice", f"{report.lost} / {report.wrong} / {len(report.range_faults)}"),
        ("lag p50 / p99, ms", f"{_number(report.lag.p50_ms)} / {_number(report.lag.p99_ms)}"),
        ("failover after kill -9, s", _number(kill.failover_seconds)),
        ("planted error", "found" if report.planted.found else "not found"),
    ]
    tiles = "".join(f'<div class="tile"><b>{_text(value)}</b>{_text(name)}</div>' for name, value in shown)
    return f'<div class="tiles">{tiles}</div>'


def _over_time(report: Report) -> str:
    kill = report.kill
    mark = Mark(name=f"kill -9 {kill.worker}", at=kill.seconds_into_live, seconds=kill.failover_seconds)
    at = report.timeline
    lag = [
        Line(name="median", colour="one", points=[(one.second, one.lag_p50_ms) for one in at]),
        Line(name="highest", colour="two", points=[(one.second, one.lag_max_ms) for one in at]),
    ]
    rate = [
        Line(name="changed in the source", colour="one", points=[(one.second, one.changed) for one in at]),
        Line(name="applied in the target", colour="two", points=[(one.second, one.applied) for one in at]),
    ]
    return "\n".join(
        [
            "<h2>Lag</h2>",
            f'<p class="soft">{LAG_TOLD}</p>',
            _key(lag),
            lines(lag, [mark], unit="ms", log=True),
            "<h2>Rate</h2>",
            '<p class="soft">Events per second: when they were committed in the source, and when in the target.</p>',
            _key(rate),
            lines(rate, [mark], unit="per s"),
        ]
    )


def _key(series: Sequence[Line]) -> str:
    return _legend((one.colour, one.name) for one in series)


def _legend(entries: Iterable[tuple[str, str]]) -> str:
    spans = (f'<span class="{colour}">{_text(name)}</span>' for colour, name in entries)
    return f'<div class="key">{"".join(spans)}</div>'


def _books(report: Report) -> str:
    totals = {
        table.source_table: {
            name: sum(getattr(one, name) for one in report.books if one.topic == table.topic)
            for name in ("records", *BOOKS)
        }
        for table in report.tables
    }
    stacked = [
        Bar(name=name, parts={fate.replace("_", " "): books[fate] for fate in FATES}) for name, books in totals.items()
    ]
    rows = [(name, *books.values()) for name, books in totals.items()]
    return "\n".join(
        [
            "<h2>Books</h2>",
            '<p class="soft">Every record of every topic has exactly one fate.</p>',
            _legend((colour, name) for name, colour in COLOURS.items()),
            bars(stacked, COLOURS),
            _table(("source table", "in the topic", *(name.replace("_", " ") for name in BOOKS)), rows),
        ]
    )


def _tables(report: Report) -> str:
    head = ("source → target", "source rows", "in filter", "target rows", "lost", "≠ topic", "≠ source")
    rows = [
        (
            f"{one.source_table} → {one.target_table}",
            one.source_rows,
            one.expected_rows,
            one.target_rows,
            one.lost,
            one.fold_differences,
            one.source_differences,
        )
        for one in report.tables
    ]
    return f"<h2>At the end</h2>\n{_table(head, rows)}"


def _limits(report: Report) -> str:
    said = {True: "yes", False: "no", None: "not measured"}
    rows = [(one.name, one.value, one.wanted, said[one.held]) for one in report.limits]
    head = ("number", "measured", "wanted", "within")
    return f"<h2>On this machine</h2>\n<p>Compared, never a reason to fail.</p>\n{_table(head, rows)}"


def _workers(report: Report) -> str:
    rows = [(one.name, one.ended_by, one.rss_peak_mb, one.cpu_seconds) for one in report.workers]
    return f"<h2>Workers</h2>\n{_table(('worker', 'ended by', 'peak memory, MiB', 'CPU, s'), rows)}"


def _versions(report: Report) -> str:
    return f"<h2>Versions</h2>\n{_table(('part', 'version'), report.versions.items())}"


def _table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    titles = "".join(f"<th>{_text(name)}</th>" for name in head)
    lines_ = ("".join(f"<td>{_text(_cell(cell))}</td>" for cell in row) for row in rows)
    body = "\n".join(f"<tr>{cells}</tr>" for cells in lines_)
    return f'<div class="scroll"><table><tr>{titles}</tr>\n{body}\n</table></div>'


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell:,}" if isinstance(cell, int) else _number(cell)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _text(value: str) -> str:
    return html.escape(value)
