"""What is recorded of the databases, held against what they hold now.

Guarantees: every difference is one problem at the line that records it. Never connects: what was seen is passed in.
Called by `overgrow check --live`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from overgrow.envelope import SqlType
from overgrow.mapping.catalogue import SourceTable
from overgrow.mapping.ddl import TargetTable
from overgrow.mapping.problems import Problem, Problems

_STAMP = "_og_"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveColumn:
    """A column as PostgreSQL describes it; `filled`: the database itself has a value for it."""

    type_text: str
    nullable: bool
    filled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTable:
    """A table as PostgreSQL describes it. `replica_identity`: `default`, `full`, `nothing` or `index`."""

    table: str
    key: tuple[str, ...]
    replica_identity: str
    columns: Mapping[str, LiveColumn]


def source_differences(recorded: SourceTable, live: LiveTable | None) -> list[Problem]:
    """What the catalogue file says and the legacy database does not, and the other way round."""
    problems = Problems(recorded.file)
    if live is None:
        problems.add(
            recorded.line("table"),
            "live-table",
            f"the source has no table {recorded.table}: if it is gone for good, remove its mapping and this file",
        )
        return problems.found
    again = f"; if that is meant: overgrow check --record {recorded.table}, then mend the mapping"
    if set(live.key) != set(recorded.key):
        was = f"({', '.join(live.key) or 'none'}), recorded as ({', '.join(recorded.key)})"
        problems.add(recorded.line("key"), "live-key", f"the primary key of {recorded.table} is {was}{again}")
    if live.replica_identity != recorded.replica_identity:
        problems.add(
            recorded.line("replica_identity"),
            "live-replica-identity",
            f"{recorded.table} has REPLICA IDENTITY {live.replica_identity}, recorded as {recorded.replica_identity}: "
            f"ALTER TABLE {recorded.table} REPLICA IDENTITY {recorded.replica_identity.upper()}{again}",
        )
    _source_columns(recorded, live, problems, again)
    return problems.found


def _source_columns(recorded: SourceTable, live: LiveTable, problems: Problems, again: str) -> None:
    for name, column in recorded.columns.items():
        found = live.columns.get(name)
        if found is None:
            problems.add(column.line, "live-column", f"{recorded.table} has no column {name} any more{again}")
            continue
        if not same_type(found.type_text, column.type_text):
            what = f"column {name} of {recorded.table} is {found.type_text}, recorded as {column.type_text}"
            problems.add(column.line, "live-type", what + again)
        if found.nullable != column.nullable:
            now, then = ("can be NULL", "cannot") if found.nullable else ("cannot be NULL", "can")
            what = f"column {name} of {recorded.table} {now}, recorded as one that {then}"
            problems.add(column.line, "live-nullable", what + again)
    for name in live.columns:
        if name not in recorded.columns:
            what = f"{recorded.table} has a new column {name} ({live.columns[name].type_text})"
            problems.add(recorded.line("columns"), "live-column", what + again)


def target_differences(declared: TargetTable, live: LiveTable) -> list[Problem]:
    """What the DDL says and the target database does not, and what would refuse a row there."""
    problems = Problems(declared.file)
    mend = "; ALTER the table, or mend the DDL"
    if set(live.key) != set(declared.key):
        was = f"({', '.join(live.key) or 'none'}), declared as ({', '.join(declared.key)})"
        problems.add(declared.line, "target-key", f"the primary key of {declared.table} is {was}{mend}")
    for name, column in declared.columns.items():
        line, found = declared.lines.get(name, declared.line), live.columns.get(name)
        if found is None:
            problems.add(line, "target-column", f"{declared.table} has no column {name}{mend}")
            continue
        if not same_type(found.type_text, column.type_text if column.type is None else str(column.type)):
            what = f"column {name} of {declared.table} is {found.type_text}, declared as {column.type_text}"
            problems.add(line, "target-type", what + mend)
        if found.nullable != (column.nullable and name not in declared.key):
            now = "can be NULL, declared as NOT NULL" if found.nullable else "is NOT NULL, declared without"
            problems.add(line, "target-nullable", f"column {name} of {declared.table} {now}{mend}")
    for name, found in live.columns.items():
        if name not in declared.columns and not (name.startswith(_STAMP) or found.nullable or found.filled):
            what = f"{declared.table} has a column {name} that is NOT NULL without default and not in the DDL"
            problems.add(declared.line, "target-column", f"{what}: every row would be refused{mend}")
    return problems.found


def same_type(live: str, recorded: str) -> bool:
    """Whether two texts name one type; of a type this version cannot carry, by the text."""
    one, other = SqlType.parse(live), SqlType.parse(recorded)
    if one is not None or other is not None:
        return one == other
    if live.endswith("[]") and recorded.endswith("[]"):
        return same_type(live[:-2], recorded[:-2])
    named = [" ".join(text.lower().split()) for text in (live, recorded)]
    # A type of one's own has its schema before its name where that is not in the search path.
    return named[0] == named[1] or (
        ("." in live) is not ("." in recorded) and named[0].rpartition(".")[2] == named[1].rpartition(".")[2]
    )
