"""Which tables come along, under which names, and what each of them loses on the way.

Guarantees: every table looked at is mapped or refused with its reason; a mapped one passes `overgrow check` by its
types and keys. Pure. Called by `draft.draft`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from overgrow.draft import names
from overgrow.draft.facts import Column, Database, Table
from overgrow.mapping import connector, toast
from overgrow.mapping.catalogue import SourceColumn, SourceTable, unreadable

# What `check` takes as a key: types whose equal values are equal texts (and whole numbers with a precision).
_KEY_KINDS = frozenset({"int", "text", "char", "uuid", "date", "time", "timestamp", "bool"})
_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table", "p": "a partitioned table"}
_UNUSABLE = re.compile(r"[/\\\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A table that stays behind. `change` says how it can come along, empty where nothing can be done."""

    table: str
    reason: str
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A source column and its name in the new model."""

    column: Column
    name: str


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """A table that comes along. `needs_full`: its replica identity must be changed first, and the draft says so."""

    table: Table
    target: str
    fields: tuple[Field, ...]
    dropped: tuple[Column, ...]
    needs_full: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """The replica identity the catalogue records."""
        return "full" if self.needs_full else self.table.identity

    @property
    def target_key(self) -> tuple[str, ...]:
        """The key under its new names."""
        renamed = {field.column.name: field.name for field in self.fields}
        return tuple(renamed[name] for name in self.table.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Every table looked at, on one side or the other."""

    mapped: tuple[Mapped, ...]
    refused: tuple[Refusal, ...]


def choose(database: Database) -> Choice:
    """Decide for each table."""
    refused: list[Refusal] = []
    taken: list[Table] = []
    topics: dict[str, str] = {}
    for table in database.tables:
        why = _why_not(table)
        topic = connector.topic("", table.full_name).replace(".", "_")  # Kafka takes the two signs for the same
        if why is None and topic in topics:
            why = _refusal(table, f"its topic's name would be taken for that of {topics[topic]}", "rename one of them")
        if why is None:
            topics[topic] = table.full_name
            taken.append(table)
        else:
            refused.append(why)
    mapped = tuple(_mapped(table, target) for table, target in zip(taken, _targets(taken), strict=True))
    return Choice(mapped=mapped, refused=tuple(refused))


def _refusal(table: Table, reason: str, change: str = "") -> Refusal:
    return Refusal(table=table.full_name, reason=reason, change=change)


def _why_not(table: Table) -> Refusal | None:
    """The first reason against a table, None if there is none."""
    checks = (_by_kind, _by_name, _by_access, _by_key, _by_identity)
    return next((why for check in checks if (why := check(table)) is not None), None)


def _by_kind(table: Table) -> Refusal | None:
    if table.kind == "p" or table.partition:
        what = "a partitioned table" if table.kind == "p" else "a partition"
        reason = f"{what}: its changes arrive under its partitions' names, which this version does not follow"
        return _refusal(table, reason)
    if table.kind in _KINDS:
        return _refusal(table, f"{_KINDS[table.kind]}: it has no changes of its own")
    if table.extension:
        return _refusal(table, f"it belongs to the extension {table.extension}")
    if table.inherited:
        return _refusal(table, "other tables inherit from it: reading it shows their rows too, its changes do not")
    if table.unlogged:
        return _refusal(table, "unlogged: its changes are not in the log", "ALTER TABLE … SET LOGGED")
    return None


def _by_name(table: Table) -> Refusal | None:
    whole = table.full_name
    if "." in table.schema:
        return _refusal(table, "its schema's name holds a dot: the project could not tell schema from table")
    if _UNUSABLE.search(whole) or whole != whole.strip():
        return _refusal(table, "its name holds a slash, a control character or a blank at an end", "rename it")
    if any(part[0] == '"' or part[-1] == '"' for part in (table.schema, table.name)):
        return _refusal(
            table, "its name begins or ends with a quotation mark, which Debezium does not quote", "rename it"
        )
    return None


def _by_access(table: Table) -> Refusal | None:
    if table.readable:
        return None
    return _refusal(table, "the role of --from may not read it", "GRANT USAGE on its schema and SELECT on it")


def _by_key(table: Table) -> Refusal | None:
    if not table.key:
        return _refusal(table, "no primary key; no change of it has an address", "give it a primary key")
    for name in table.key:
        column = table.by_name[name]
        why = left_out(column) or ("" if _usable_key(column) else f"{column.type_text} cannot be a key in this version")
        if why:
            return _refusal(table, f"key column {name}: {why}", "give it another primary key")
    return None


def left_out(column: Column) -> str:
    """Why a column cannot come along, empty when it can."""
    if column.generated:
        return "it is computed by the database and not in its change stream"
    if column.type is None:
        return f"this version cannot carry its type, {column.type_text}"
    if unreadable(column.name):
        return "this version cannot read a column whose name holds a double quote, a backslash or a control character"
    return ""


def _usable_key(column: Column) -> bool:
    found = column.type
    if found is None:
        return False
    return found.wire.kind in _KEY_KINDS or (
        found.wire.kind == "numeric" and found.size is not None and not found.scale
    )


def _by_identity(table: Table) -> Refusal | None:
    if table.identity in {"default", "full"}:
        return None
    what = "sends nothing of old rows" if table.identity == "nothing" else "names another index than the primary key"
    return _refusal(table, f"its REPLICA IDENTITY {what}", "ALTER TABLE … REPLICA IDENTITY DEFAULT (or FULL)")


def _mapped(table: Table, target: str) -> Mapped:
    kept = [column for column in table.columns if not left_out(column)]
    wanted = [
        names.made(column.name, otherwise=f"column_{number}", limit=names.COLUMN_BYTES)
        for number, column in enumerate(table.columns, start=1)
        if column in kept
    ]
    given = names.unique(wanted, limit=names.COLUMN_BYTES)
    return Mapped(
        table=table,
        target=target,
        fields=tuple(Field(column=column, name=name) for column, name in zip(kept, given, strict=True)),
        dropped=tuple(column for column in table.columns if column not in kept),
        needs_full=_large_keys(table),
    )


def _large_keys(table: Table) -> tuple[str, ...]:
    """Key columns that an update may leave out although they did not change."""
    if table.identity == "full":
        return ()
    source = SourceTable(
        file="",
        table=table.full_name,
        key=table.key,
        replica_identity=table.identity,
        columns={
            one.name: SourceColumn(name=one.name, type_text=one.type_text, type=one.type, nullable=one.nullable, line=0)
            for one in table.columns
        },
    )
    large = toast.large(source)
    return tuple(name for name in table.key if name in large)


def _targets(tables: list[Table]) -> list[str]:
    """A table keeps its own name; where two schemas have it, the schema's name goes before."""
    short = [_name(number, [table.name]) for number, table in enumerate(tables, start=1)]
    wanted = [
        _name(number, [table.schema, table.name]) if short.count(name) > 1 and _schemas(tables, short, name) else name
        for number, (table, name) in enumerate(zip(tables, short, strict=True), start=1)
    ]
    return names.unique(wanted, limit=names.TABLE_BYTES)


def _schemas(tables: list[Table], short: list[str], name: str) -> bool:
    return len({table.schema for table, one in zip(tables, short, strict=True) if one == name}) > 1


def _name(number: int, parts: Iterable[str]) -> str:
    return names.made("_".join(parts), otherwise=f"table_{number}", limit=names.TABLE_BYTES)


def by_source(mapped: Iterable[Mapped]) -> Mapping[str, Mapped]:
    """The mapped tables by their source names."""
    return {one.table.full_name: one for one in mapped}
