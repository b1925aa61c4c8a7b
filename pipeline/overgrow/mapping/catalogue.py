"""The recorded catalogue of one source table: what the legacy database is known to hold.

Guarantees: every column with its type and nullability, in the order written. Never asks the database: a live
difference is drift, seen by the decoder. Called by the project loader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from overgrow.envelope import SqlType
from overgrow.mapping import reading, tree
from overgrow.mapping.problems import Problems
from overgrow.mapping.tree import Node, Scalar

_UNREAD = re.compile(r'["\\\x00-\x1f]')


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumn:
    """One column; `type` is None for a type this version cannot carry, which is a problem only where it is used."""

    name: str
    type_text: str
    type: SqlType | None
    nullable: bool
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """One table; `file` is the catalogue's path in the project."""

    file: str
    table: str
    key: tuple[str, ...]
    replica_identity: str
    columns: dict[str, SourceColumn]
    lines: Mapping[str, int] = field(default_factory=dict)  # of the file's keys

    def line(self, key: str) -> int:
        """Where a key of the file stands."""
        return self.lines.get(key, 1)


def unreadable(name: str) -> bool:
    """Whether a change event's decoder cannot name such a column: a double quote, a backslash, a control character."""
    return _UNREAD.search(name) is not None


def read(text: str, problems: Problems, *, table: str) -> SourceTable | None:
    """Read a catalogue file that must be the one of the given table."""
    top = tree.load(text, problems)
    if top is None:
        return None
    before = len(problems.found)
    found = reading.entries(top, problems, what="a catalogue")
    reading.known(found, ("table", "key", "replica_identity", "columns"), problems, what="a catalogue")
    parts = {
        name: reading.required(found, name, problems, line=1, what="a catalogue")
        for name in ("table", "key", "replica_identity", "columns")
    }
    named = reading.scalar(parts["table"], problems, what="table")
    if named is not None and named.text != table:
        problems.add(named.line, "wrong-table", f"the file is read for {table}, it describes {named.text}")
    identity = reading.choice(parts["replica_identity"], ("default", "full"), problems, what="replica_identity")
    columns = _columns(parts["columns"], problems)
    key = reading.scalars(parts["key"], problems, what="key")
    for part in key:
        _check_key(part, columns, problems)
    if len(problems.found) > before:
        return None
    return SourceTable(
        file=problems.file,
        table=table,
        key=tuple(part.text for part in key),
        replica_identity=identity or "default",
        columns=columns,
        lines={name: key.line for name, (key, _) in found.items()},
    )


def _columns(node: Node | None, problems: Problems) -> dict[str, SourceColumn]:
    made = {}
    for key, value in reading.entries(node, problems, what="columns", repeated="duplicate-column").values():
        inside = reading.entries(value, problems, what=f"column {key.text}")
        reading.known(inside, ("type", "nullable"), problems, what=f"column {key.text}")
        required = {
            name: reading.required(inside, name, problems, line=key.line, what=f"column {key.text}")
            for name in ("type", "nullable")
        }
        text = reading.scalar(required["type"], problems, what="type")
        nullable = reading.choice(required["nullable"], ("true", "false"), problems, what="nullable")
        if text is not None:
            made[key.text] = SourceColumn(
                name=key.text,
                type_text=text.text,
                type=SqlType.parse(text.text),
                nullable=nullable != "false",
                line=text.line,
            )
    return made


def _check_key(part: Scalar, columns: dict[str, SourceColumn], problems: Problems) -> None:
    if part.text not in columns:
        problems.add(part.line, "unknown-column", f"key column {part.text} is not in columns")
    elif columns[part.text].nullable:
        problems.add(columns[part.text].line, "nullable-key", f"key column {part.text} cannot be nullable")
