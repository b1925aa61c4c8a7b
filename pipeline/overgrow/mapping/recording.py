"""A catalogue file written from what the legacy database holds.

Guarantees: the text reads back as the live table; lines that are still true stay as they were written, with their
comments. Never writes a file. Called by `overgrow check --record`.
"""

from __future__ import annotations

import re

import yaml

from overgrow.envelope import SqlType
from overgrow.mapping import catalogue
from overgrow.mapping.catalogue import SourceColumn, SourceTable
from overgrow.mapping.live import LiveColumn, LiveTable, same_type, source_differences
from overgrow.mapping.problems import Problems

_HEAD = "# What the legacy database holds, as recorded; a difference is drift."
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
# Words that other readers of YAML take for something else than text.
_TAKEN = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ONE_LINE = re.compile(r" +[^#]+:[^#{}]*\{[^{}]*\} *(#.*)?")
_WIDEST = 2**31


def refusal(live: LiveTable) -> str:
    """Why a table cannot be recorded; empty when it can."""
    if not live.key:
        return "it has no primary key, so no change of it has an address"
    if live.replica_identity not in {"default", "full"}:
        return (
            f"its REPLICA IDENTITY is {live.replica_identity}; "
            f"ALTER TABLE {live.table} REPLICA IDENTITY DEFAULT (or FULL) first"
        )
    return ""


def recorded(live: LiveTable, before: str | None) -> str:
    """The file's text; `before` itself while it is still true."""
    known = None if before is None else catalogue.read(before, Problems(""), table=live.table)
    if before is not None and known is not None and not source_differences(known, live):
        return before
    lines = [] if before is None else before.splitlines()
    head = lines[: next((at for at, line in enumerate(lines) if line.strip() and line[0] != "#"), 0)]
    made = [*(head or [_HEAD]), f"table: {_scalar(live.table)}", f"key: [{', '.join(map(_scalar, live.key))}]"]
    made += [f"replica_identity: {live.replica_identity}", "columns:"]
    pad = max((len(_scalar(name)) for name in live.columns), default=0) + 1
    for name, column in live.columns.items():
        kept = _kept(known, name, column, lines)
        shown = f"{{type: {_scalar(_type(column.type_text))}, nullable: {str(column.nullable).lower()}}}"
        made.append(kept or f"  {_scalar(name) + ':':<{pad}} {shown}")
    return "\n".join(made) + "\n"


def _kept(known: SourceTable | None, name: str, column: LiveColumn, lines: list[str]) -> str:
    """The line that records the column already."""
    there: SourceColumn | None = None if known is None else known.columns.get(name)
    if there is None or there.nullable != column.nullable or not same_type(column.type_text, there.type_text):
        return ""
    line = lines[there.line - 1]
    return line if _ONE_LINE.fullmatch(line) else ""


def _type(text: str) -> str:
    """The type as people write it; `bpchar` keeps its name, a bare `char` is another type."""
    found = SqlType.parse(text)
    return text if found is None or (found.name == "char" and found.size is None) else str(found)


def _scalar(text: str) -> str:
    """A text as YAML, also inside brackets: plain where it is one word, quoted otherwise."""
    if _WORD.fullmatch(text) and text.lower() not in _TAKEN:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=_WIDEST)
    return quoted.rstrip("\n")
