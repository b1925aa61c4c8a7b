"""`overgrow doctor`: is every system as the project needs it?"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
import rich.console
import rich.markup
import rich.table

from overgrow import doctor as checks
from overgrow.deployment import Deployment
from overgrow.doctor import Changes, Finding
from overgrow.project import Project

EXIT_FAILED, EXIT_UNREACHABLE = 3, 5
_WIDTH_OFF_TERMINAL = 200
_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout; with --watch one line per change.")
@click.option(
    "--watch",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Look again after so many seconds, until interrupted; what may break while it runs, and only what changes.",
)
@click.pass_obj
def doctor(folder: Path, *, as_json: bool, watch: float | None) -> None:
    """Look at source, connector, topics, target and workers; every check is named, with the next command.

    Exit codes: 0 nothing failed (there may be warnings); 3 a check failed; 5 the only failures are systems that do not
    answer. Writes nothing but a temporary row in the target that is rolled back.
    """
    deployment = Deployment(Project.require(folder))
    if watch is not None:
        _watch(deployment, watch, as_json=as_json)
        return
    found = checks.examine(deployment)
    if as_json:
        click.echo(json.dumps(_document(deployment.pipeline, found), ensure_ascii=False, indent=2))
    else:
        _print(found)
    sys.exit(exit_code(found))


def exit_code(found: Sequence[Finding]) -> int:
    """A failed check weighs more than a system that says nothing."""
    failed = [one for one in found if one.level == "fail"]
    if any(not one.unreachable for one in failed):
        return EXIT_FAILED
    return EXIT_UNREACHABLE if failed else 0


def _watch(deployment: Deployment, seconds: float, *, as_json: bool) -> None:
    changes = Changes()
    try:
        while True:
            for was, one in changes.since(checks.running(deployment)):
                if as_json:
                    click.echo(json.dumps({"at": time.time(), "was": was, **one.document()}, ensure_ascii=False))
                else:
                    click.echo(f"{one.level:4} {one.check} {one.subject}: {one.text}{_then(one)}")
            time.sleep(seconds)
    except KeyboardInterrupt:
        return


def _then(one: Finding) -> str:
    return f"; next: {one.next}" if one.next else ""


def _document(pipeline: str, found: Sequence[Finding]) -> dict[str, object]:
    counts = {level: sum(one.level == level for one in found) for level in _STYLES}
    return {"schema_version": 1, "pipeline": pipeline, **counts, "findings": [one.document() for one in found]}


def _print(found: Sequence[Finding]) -> None:
    console = rich.console.Console(width=None if sys.stdout.isatty() else _WIDTH_OFF_TERMINAL, highlight=False)
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "check", "of"):
        table.add_column(heading, no_wrap=True)
    table.add_column("seen", overflow="fold")
    for one in found:
        text = rich.markup.escape(one.text)
        then = f"\n[bold]next:[/] {rich.markup.escape(one.next)}" if one.next else ""
        level = f"[{_STYLES[one.level]}]{one.level}[/]"
        table.add_row(level, one.check, rich.markup.escape(one.subject), f"{text}{then}")
    console.print(table)
    console.print()
    counts = [f"{sum(one.level == level for one in found)} {level}" for level in _STYLES]
    console.print(", ".join(counts))
