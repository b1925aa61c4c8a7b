"""The page of every code, with cause and fix.

Guarantees: it holds what `codes` holds. Published as docs/reference/errors.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from overgrow.mapping.reference import codes
from overgrow.mapping.reference.codes import Code
from overgrow.mapping.reference.markdown import code, table

FILE = "docs/reference/errors.md"

_HEAD = """\
<!-- Made by `python -m overgrow.mapping.reference`; change the code, not this page. -->
# Codes: cause and fix

Codes are stable, scripts may rely on them; the messages beside them name file, line, table or key, and may change.

| Exit code | Means | Where to look |
| --- | --- | --- |
| 0 | done | |
| 1 | it failed | the last line on stderr |
| 2 | usage, an invalid project, a live system that does not fit | [problems of a project](#problems-of-a-project) |
| 3 | a difference was found | the output names it |
| 4 | refused: somebody must decide | [named stops](#named-stops) |
| 5 | a system does not answer | the message names it |
| 70 | a worker's watchdog ended it | start it again; [the command line](cli.md#exit-codes) |"""

_PROJECT = """\
## Problems of a project

`overgrow check` prints all of them at once, one a line, as `file:line: code: message`. One mistake is one problem."""

_EXAMPLES = """\
## Problems of examples

Printed by `overgrow test`, beside those of a project; [testing a mapping](../how-to/test-a-mapping.md)."""

_DRAFT = """\
## Decisions of a draft

`overgrow init` names each thing that a person must decide by a stable `kind`:
[what they are, and what the draft has taken](../how-to/bring-your-own.md#3-decide)."""

_STOPS = """\
## Named stops

A worker or a verb has met a situation that somebody must decide, and has left everything as it was. Exit code 4; the
worker's last event is `refused` with the `code`. A restart without the decision ends in the same way."""

_DOCTOR = """\
## Checks of the doctor

What it means when a check of `overgrow doctor` (or a worker's event `health`) is not `ok`; each finding ends with the
next command."""

_LETTERS = """\
## Kinds of dead letters

A record that cannot be applied is set aside with its bytes, and only its key waits. A later whole change of the key
that can be applied heals it."""


def text() -> str:
    """The page."""
    parts = [_HEAD, _PROJECT]
    for family, listed in codes.PROJECT.items():
        parts += [f"### {family}", _table("Code", listed)]
    parts += [_EXAMPLES, _table("Code", codes.EXAMPLES), _DRAFT, _STOPS, _table("Code", codes.STOPS), _DOCTOR]
    for family, listed in codes.DOCTOR.items():
        parts += [f"### {family}", _table("Check", listed)]
    parts += [_LETTERS, _table("Kind", codes.LETTERS)]
    return "\n\n".join(parts) + "\n"


def _table(what: str, listed: Iterable[Code]) -> str:
    return table((what, "Cause", "What to do"), [(code(one.name), one.cause, one.fix) for one in listed])
