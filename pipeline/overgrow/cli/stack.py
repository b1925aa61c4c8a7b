"""`overgrow stack`: the local stack from the command line; everything it knows is in `overgrow.stack`."""

from __future__ import annotations

import json
import shlex
import signal as signals
from pathlib import Path

import click

from overgrow.stack import Options, Stack
from overgrow.stack.options import PARTS

SIGNALS = ("KILL", "TERM", "INT", "STOP", "CONT")
STYLES = {"running": "green", "paused": "yellow", "dead": "red"}
part_argument = click.argument("part", type=click.Choice(PARTS))


@click.group()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="PROJECT/.overgrow/stack",
    help="The stack's folder; one stack per folder.",
)
@click.pass_context
def stack(ctx: click.Context, folder: Path | None) -> None:
    """Real Kafka, Connect and PostgreSQL as local processes."""
    project = ctx.obj if isinstance(ctx.obj, Path) else Path()
    ctx.obj = Stack(folder or project / ".overgrow" / "stack", say=lambda line: click.echo(line, err=True))


@stack.command()
@click.option("--fsync/--no-fsync", default=True, show_default=True, help="Durability of both databases.")
@click.option("--broker-heap", type=int, default=512, show_default=True, metavar="MB")
@click.option("--connect-heap", type=int, default=768, show_default=True, metavar="MB")
@click.option("--min-session-timeout", type=int, default=6000, show_default=True, metavar="MS")
@click.option("--full-jit", is_flag=True, help="JVMs for throughput (benchmarks); they start slower.")
@click.pass_obj
def up(
    running: Stack, *, fsync: bool, broker_heap: int, connect_heap: int, min_session_timeout: int, full_jit: bool
) -> None:
    """Make or complete the stack; returns when every part answers."""
    options = Options(
        fsync=fsync,
        broker_heap_mb=broker_heap,
        connect_heap_mb=connect_heap,
        min_session_timeout_ms=min_session_timeout,
        full_jit=full_jit,
    )
    running.up(options)
    _show(running, as_json=False)


@stack.command()
@click.pass_obj
def down(running: Stack) -> None:
    """End every process and remove every file of the stack."""
    running.down()


@stack.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def status(running: Stack, *, as_json: bool) -> None:
    """Every part: state, pid, endpoint, log."""
    _show(running, as_json=as_json)


@stack.command()
@part_argument
@click.option("--signal", type=click.Choice(SIGNALS), default="KILL", show_default=True)
@click.pass_obj
def kill(running: Stack, part: str, signal: str) -> None:
    """Send a signal to one part; nothing restarts it."""
    running.kill(part, signals.Signals[f"SIG{signal}"])


@stack.command()
@part_argument
@click.pass_obj
def restart(running: Stack, part: str) -> None:
    """Stop one part if it runs, start it with the same data on the same port."""
    running.restart(part)


@stack.command()
@click.pass_obj
def env(running: Stack) -> None:
    """Print the endpoints as shell variables: eval "$(overgrow stack env)"."""
    for name, value in running.endpoints().env().items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _show(running: Stack, *, as_json: bool) -> None:
    seen = running.status()
    if as_json:
        click.echo(json.dumps(seen.document(), indent=2))
        return
    click.echo(f"{seen.state}  {seen.dir}")
    for name, part in seen.parts.items():
        state = click.style(f"{part.state:8}", fg=STYLES[part.state])
        click.echo(f"  {name:8} {state} {part.pid or '-':>8}  {part.endpoint[1]}")
