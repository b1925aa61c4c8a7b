"""The target's DDL files: which tables, columns, types and keys the new model has.

Guarantees: a statement that cannot be read, or that makes writing during the sync unsafe, is a problem at its line.
Never connects. Called by the project loader.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sqlglot
import sqlglot.errors
from sqlglot import exp

from overgrow.envelope import SqlType
from overgrow.mapping.plan import TargetColumn
from overgrow.mapping.problems import Problems

# Its parser logs what it does not understand; here that is a problem with a line.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

_READABLE = {"CREATE", "COMMENT"}
_SERIAL = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTable:
    """One table of the new model."""

    table: str
    file: str
    line: int
    columns: dict[str, TargetColumn]
    key: tuple[str, ...]
    lines: Mapping[str, int] = field(default_factory=dict)  # of the columns


def read(text: str, problems: Problems) -> list[TargetTable]:
    """The tables of one file."""
    try:
        found = list(statements(text))
    except sqlglot.errors.TokenError as error:
        problems.add(1, "bad-ddl", f"not PostgreSQL DDL: {error}")
        return []
    tables = []
    for line, words in found:
        statement = _parse(line, words, problems)
        table = None if statement is None else _statement(statement, line, problems)
        tables += [] if table is None else [table]
    return tables


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the line it begins on."""
    first: tuple[int, int] | None = None  # line and position of the statement's first word
    for token in sqlglot.tokenize(text, read="postgres"):
        if token.token_type is not sqlglot.TokenType.SEMICOLON:
            first = first or (token.line, token.start)
        elif first is not None:
            yield first[0], text[first[1] : token.start]
            first = None
    if first is not None:
        yield first[0], text[first[1] :]


def _parse(line: int, words: str, problems: Problems) -> exp.Expr | None:
    word = words.split(None, 1)[0].upper()
    if word not in _READABLE:
        problems.add(line, "unreadable-ddl", f"{word} is not read: keep to CREATE and COMMENT")
        return None
    try:
        # The empty lines give the names in it their lines of the file.
        return sqlglot.parse_one("\n" * (line - 1) + words, read="postgres")
    except sqlglot.errors.ParseError as error:
        found = error.errors[0] if error.errors else {}
        problems.add(found.get("line") or line, "bad-ddl", f"not PostgreSQL DDL: {found.get('description') or error}")
        return None


def _statement(statement: exp.Expr, line: int, problems: Problems) -> TargetTable | None:
    kind = statement.args.get("kind") if isinstance(statement, exp.Create) else None
    if kind in {"SCHEMA", "SEQUENCE"} or isinstance(statement, (exp.Comment, exp.Semicolon)):
        return None
    if kind == "INDEX":
        if statement.args.get("unique"):
            _too_early(line, "a unique index", problems)
        return None
    if kind != "TABLE" or not isinstance(statement.this, exp.Schema):
        problems.add(line, "unreadable-ddl", "only CREATE SCHEMA, TABLE, INDEX and COMMENT are read")
        return None
    return _table(statement.this, problems)


def _table(schema: exp.Schema, problems: Problems) -> TargetTable:
    columns: dict[str, TargetColumn] = {}
    key: list[str] = []
    lines: dict[str, int] = {}
    line = line_of(schema.this)
    for part in schema.expressions:
        if isinstance(part, exp.ColumnDef):
            column = _column(part, problems)
            if column.name in columns:
                problems.add(line_of(part), "duplicate-column", f"column {column.name} is there twice")
            columns[column.name] = column
            lines[column.name] = line_of(part, line)
            key += [column.name] if part.find(exp.PrimaryKeyColumnConstraint) else []
        else:
            key += [name_of(one) for found in part.find_all(exp.PrimaryKey) for one in found.expressions]
        if part.find(exp.UniqueColumnConstraint):
            _too_early(line_of(part, line), "a unique constraint", problems)
        if part.find(exp.Reference) or part.find(exp.ForeignKey):
            _too_early(line_of(part, line), "a foreign key", problems)
    name = table_name(schema.this)
    if not key:
        problems.add(line, "missing-primary-key", f"table {name} has no primary key")
    return TargetTable(table=name, file=problems.file, line=line, columns=columns, key=tuple(key), lines=lines)


def table_name(table: exp.Expr) -> str:
    """`schema.table`."""
    return f"{name_of(table.args['db']) if table.args.get('db') else 'public'}.{name_of(table.this)}"


def _column(part: exp.ColumnDef, problems: Problems) -> TargetColumn:
    name = name_of(part.this)
    if name.startswith("_og_"):
        problems.add(line_of(part), "reserved-name", f"column {name}: names with _og_ are added by `overgrow apply`")
    text = part.kind.sql("postgres").lower().replace(", ", ",") if part.kind else ""
    constraints = [one.args.get("kind") for one in part.args.get("constraints") or ()]
    given = (exp.DefaultColumnConstraint, exp.GeneratedAsIdentityColumnConstraint, exp.ComputedColumnConstraint)
    return TargetColumn(
        name=name,
        type_text=str(SqlType.parse(text) or text),
        type=SqlType.parse(_SERIAL.get(text, text)),
        nullable=not any(
            isinstance(one, exp.PrimaryKeyColumnConstraint)
            or (isinstance(one, exp.NotNullColumnConstraint) and not one.args.get("allow_null"))
            for one in constraints
        ),
        default=text in _SERIAL or any(isinstance(one, given) for one in constraints),
    )


def _too_early(line: int, what: str, problems: Problems) -> None:
    problems.add(
        line,
        "constraint-too-early",
        f"{what} can refuse rows that arrive in another order: write it into a file of target.constraints, which "
        "`overgrow apply --constraints` adds when the old system is switched off",
    )


def name_of(node: exp.Expr) -> str:
    """An identifier as PostgreSQL keeps it."""
    identifier = node if isinstance(node, exp.Identifier) else node.find(exp.Identifier)
    if identifier is None:
        return node.name
    return identifier.name if identifier.args.get("quoted") else identifier.name.lower()


def line_of(node: exp.Expr, otherwise: int = 1) -> int:
    """The first line of the file that holds a name of it."""
    return min(_lines(node), default=otherwise)


def _lines(node: exp.Expr) -> Iterator[int]:
    return (int(one.meta["line"]) for one in node.find_all(exp.Identifier) if "line" in one.meta)
