"""`overgrow demo`: the whole story on a stack of its own; everything it does is in `overgrow.demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import rich.console

from overgrow.demo.settings import Options
from overgrow.demo.show import WIDTH_OFF_TERMINAL, show
from overgrow.demo.story import tell
from overgrow.project import Project

NOT_HELD = 3
# The partitions of the killed worker must see changes after the kill, at 40 %: 0.6 * 10 s * 50/s are 300 changes,
# about eighteen for each of the example's 16 partitions; the reference table's may see none.
MIN_SECONDS, MIN_RATE, MIN_ROWS = 10, 50, 100


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(min=MIN_SECONDS), default=60, show_default=True, help="How long live writes run."
)
@click.option("--rows", type=click.IntRange(min=MIN_ROWS), default=50_000, show_default=True, help="Rows to seed.")
@click.option(
    "--rate",
    type=click.FloatRange(min=MIN_RATE),
    default=220,
    show_default=True,
    metavar="CHANGES/S",
    help="Live writes.",
)
@click.option("--keep", is_flag=True, help="Leave the stack up, to look around; says how to stop it.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.json"),
    show_default=True,
    help="Where the measurements go; a page with plots goes beside it.",
)
@click.pass_obj
def demo(folder: Path, *, seconds: float, rows: int, rate: float, keep: bool, report: Path) -> None:
    """Snapshot, live writes, a worker killed with -9, a proof that nothing was lost, a planted error that is found.

    Exit codes: 0 all held; 3 something did not hold (the report names it); 1, 2, 5 the run itself failed. Everything
    it starts is stopped in every case; the logs of a failed run are kept.
    """
    options = Options(seconds=seconds, rows=rows, rate=rate, keep=keep, report=report.resolve())
    told = tell(Project.require(folder), options)
    show(told, rich.console.Console(width=None if sys.stdout.isatty() else WIDTH_OFF_TERMINAL, highlight=False))
    click.echo(f"report: {report}, with plots in {options.page.name} beside it", err=True)
    sys.exit(0 if told.ok else NOT_HELD)
