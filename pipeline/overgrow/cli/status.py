"""`overgrow status`: where the pipeline stands, once or until told to stop."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click
import rich.console
import rich.live
import rich.markup
import rich.table

from overgrow.deployment import Deployment
from overgrow.project import Project
from overgrow.reconcile import status as reconcile_status
from overgrow.reconcile.status import MappingStatus, PartitionStatus, Status

WATCH_SECONDS = 1.0
_UNREACHABLE, _INCOMPLETE = 5, 2
_WIDTH_OFF_TERMINAL = 200
_STATE_STYLES = {"RUNNING": "green", "FAILED": "bold red"}
_LETTERS_STYLE = "red"
_OWNER_WIDTH = 8


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout; with --watch one line each.")
@click.option("--watch", is_flag=True, help="Again every second, until interrupted.")
@click.pass_obj
def status(folder: Path, *, as_json: bool, watch: bool) -> None:
    """Per mapping and partition: position, lag, books, owner; open letters; connector and replication slot.

    `lag s` counts seconds since the last commit where records wait. Exit codes: 0; 5 when a system does not answer (the
    others are still shown); 2 when something has not been made yet.
    """
    deployment = Deployment(Project.require(folder))
    if watch:
        _watch(deployment, as_json=as_json)
        return
    seen = reconcile_status.look(deployment)
    if as_json:
        click.echo(json.dumps(seen.document(), ensure_ascii=False, indent=2))
    else:
        _console().print(_view(seen))
    for line in _problems(seen):
        click.echo(f"overgrow: {line}", err=True)
    if seen.problems:
        sys.exit(_UNREACHABLE if seen.unreachable else _INCOMPLETE)


def _watch(deployment: Deployment, *, as_json: bool) -> None:
    try:
        if as_json:
            while True:
                click.echo(json.dumps(reconcile_status.look(deployment).document(), ensure_ascii=False))
                time.sleep(WATCH_SECONDS)
        with rich.live.Live(console=_console(), auto_refresh=False) as live:
            while True:
                seen = reconcile_status.look(deployment)
                problems = (f"[red]{rich.markup.escape(line)}[/]" for line in _problems(seen))
                live.update(rich.console.Group(_view(seen), *problems), refresh=True)
                time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        return


def _problems(seen: Status) -> list[str]:
    return [f"{system}: {error}" for system, error in seen.problems.items()]


def _console() -> rich.console.Console:
    return rich.console.Console(width=None if sys.stdout.isatty() else _WIDTH_OFF_TERMINAL, highlight=False)


def _view(seen: Status) -> rich.console.Group:
    lines = [_connector_line(seen), _slot_line(seen)]
    return rich.console.Group(_partitions(seen), "", *_letter_lines(seen), *(line for line in lines if line))


def _partitions(seen: Status) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("mapping")
    headings = (
        "partition",
        "next",
        "end",
        "behind",
        "lag s",
        *(name.replace("_", " ") for name in reconcile_status.BOOKS),
    )
    for heading in headings:
        table.add_column(heading, justify="right")
    table.add_column("books")
    table.add_column("claim", justify="right")
    table.add_column("owner")
    for mapping in seen.mappings:
        for number, one in enumerate(mapping.partitions):
            table.add_row(rich.markup.escape(mapping.mapping) if number == 0 else "", *_cells(one))
        if len(mapping.partitions) > 1:
            table.add_row("", *_total(mapping), style="bold")
    return table


def _cells(one: PartitionStatus) -> list[str]:
    at = one.checkpoint
    behind, lag = ("-", "-") if one.behind is None else (f"{one.behind:,}", f"{one.lag_seconds or 0:.1f}")
    return [
        str(at.partition),
        f"{at.next_offset:,}",
        "-" if one.end is None else f"{one.end:,}",
        f"[yellow]{behind}[/]" if one.behind else behind,
        f"[yellow]{lag}[/]" if one.behind else lag,
        *(f"{getattr(at, name):,}" for name in reconcile_status.BOOKS),
        "balanced" if at.balanced else "[bold red]NOT BALANCED[/]",
        str(at.claim),
        at.owner[:_OWNER_WIDTH] or "none",
    ]


def _total(mapping: MappingStatus) -> list[str]:
    known = [one.behind for one in mapping.partitions if one.behind is not None]
    books = [f"{sum(getattr(one.checkpoint, name) for one in mapping.partitions):,}" for name in reconcile_status.BOOKS]
    return ["all", "", "", f"{sum(known):,}" if known else "-", "", *books, "", "", ""]


def _letter_lines(seen: Status) -> list[str]:
    return [
        f"[{_LETTERS_STYLE}]open letters[/] {rich.markup.escape(one.mapping)}: "
        + (", ".join(f"{count:,} {kind}" for kind, count in one.letters.items()) or "none")
        + (f" ({one.unrelayed:,} letters not relayed yet)" if one.unrelayed else "")
        for one in seen.mappings
        if one.letters or one.unrelayed
    ]


def _connector_line(seen: Status) -> str:
    one = seen.connector
    if one is None:
        return ""
    style = _STATE_STYLES.get(one.state, "yellow")
    tasks = ", ".join(f"task {task.id} {task.state}" for task in one.tasks) or "no task"
    failure = f"\n{rich.markup.escape(one.failure)}" if one.state == "FAILED" else ""
    return f"connector {rich.markup.escape(one.name)} [{style}]{one.state}[/] ({tasks}){failure}"


def _slot_line(seen: Status) -> str:
    one = seen.slot
    if one is None:
        return ""
    style = "green" if one.active and one.wal_status in {"reserved", "extended"} else "bold red"
    used = "active" if one.active else "not active"
    return (
        f"slot {rich.markup.escape(one.name)} [{style}]{used}, {one.wal_status or 'unknown'}[/], "
        f"{_size(one.retained_bytes)} retained, {_size(one.unconfirmed_bytes)} unconfirmed"
    )


def _size(count: int | None) -> str:
    if count is None:
        return "unknown"
    return f"{count:,} B" if count < 1 << 20 else f"{count / (1 << 20):,.1f} MB"
