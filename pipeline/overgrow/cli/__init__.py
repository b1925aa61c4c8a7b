"""The command line: one file per verb group, imported only when its verb is used (a worker never loads the stack).

Data goes to stdout, talk to stderr. Exit codes: 0 ok, 1 error, 2 usage or invalid project, 3 difference found,
4 refused, 5 unreachable system.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from overgrow import __version__, errors

# verb -> (module, one line for --help); the module has a click command of the name of the verb.
VERBS = {
    "init": ("init", "Draft a project from a live legacy database, with what is left to decide."),
    "check": ("check", "Validate the project; every error at once. --live: against the databases as well."),
    "test": ("test", "The mappings' own example rows, and the translators there and back; exit 3 on a difference."),
    "doctor": ("doctor", "Are the live systems as the project needs them? Exit 3 on a failed check."),
    "show": ("show", "The compiled mapping: fields, types, inverse, generated code."),
    "plan": ("apply", "What `apply` would change on the live systems."),
    "apply": ("apply", "Make topics, connector, target tables and own tables match the project."),
    "resnapshot": ("resnapshot", "A new snapshot of a running pipeline; rows that it does not show go."),
    "adopt": ("adopt", "Accept recreated topics or another source: a new epoch and a new snapshot."),
    "worker": ("worker", "Apply changes until told to stop."),
    "status": ("status", "Per mapping: books, lag, owners."),
    "verify": ("verify", "One complete check now; exit 3 on a difference."),
    "books": ("books", "The source's own count of events against what was received; exit 3 on a missing one."),
    "stack": ("stack", "Real Kafka, Connect and PostgreSQL as local processes."),
    "demo": ("demo", "The whole story on the local stack, ending in a report."),
}
EXIT_CODES: list[tuple[type[errors.ReplicationError], int]] = [
    (errors.ConfigurationError, 2),
    (errors.Refused, 4),
    (errors.UnreachableError, 5),
    (errors.ReplicationError, 1),
]


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"overgrow.cli.{VERBS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="here",
    help="The project's folder (it holds overgrow.yaml).",
)
@click.version_option(__version__)
@click.pass_context
def cli(ctx: click.Context, project: Path) -> None:
    """Move a live system off its legacy database while both keep running."""
    ctx.obj = project.resolve()
    if os.environ.get("NO_COLOR"):
        ctx.color = False  # of every verb below; a pipe has none anyway


def main() -> None:
    """Run the command line; a named error prints one line and sets the documented exit code."""
    try:
        cli(standalone_mode=True)
    except errors.ReplicationError as error:
        click.echo(f"overgrow: {error}", err=True)
        sys.exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind)))
