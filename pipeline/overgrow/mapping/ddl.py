"""The target's DDL files: which tables, columns, types and keys the new model has.

Guarantees: a statement that cannot be read, or that makes writing during the sync unsafe, is a problem at its line.
Never connects. Called by the project loader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
import sqlglot.errors
from sqlglot import exp

from overgrow.envelope import SqlType
from overgrow.mapping.plan import TargetColumn
from overgrow.mapping.problems import Problems

_SERIAL = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTable:
    """One table of the new model."""

    table: str
    file: str
    line: int
    columns: dict[str, TargetColumn]
    key: tuple[str, ...]


def read(text: str, problems: Problems) -> list[TargetTable]:
    """The tables of one file."""
    try:
        # A second error level that only logs is what `Command` is for; those statements are refused below.
        statements = sqlglot.parse(_quiet(text, problems), read="postgres")
    except sqlglot.errors.ParseError as error:
        for one in error.errors:
            problems.add(one.get("line") or 1, "bad-ddl", f"not PostgreSQL DDL: {one.get('description')}")
        return []
    except sqlglot.errors.TokenError as error:
        problems.add(1, "bad-ddl", f"not PostgreSQL DDL: {error}")
        return []
    tables = [_statement(statement, problems) for statement in statements if statement is not None]
    return [table for table in tables if table is not None]


_READABLE = {"CREATE", "COMMENT"}


def _quiet(text: str, problems: Problems) -> str:
    """Blank out the statements that are not read at all, each as a problem, keeping the lines of the others."""
    kept, start, first = list(text), 0, None
    for token in sqlglot.tokenize(text, read="postgres"):
        if first is None:
            first, start = token, token.start
        if token.token_type is sqlglot.TokenType.SEMICOLON:
            first = None
        if token is first and token.text.upper() not in _READABLE:
            problems.add(token.line, "unreadable-ddl", f"{token.text.upper()} is not read: keep to CREATE and COMMENT")
            end = text.find(";", start)
            for position in range(start, len(text) if end < 0 else end):
                kept[position] = "\n" if text[position] == "\n" else " "
    return "".join(kept)


def _statement(statement: exp.Expr, problems: Problems) -> TargetTable | None:
    kind = statement.args.get("kind") if isinstance(statement, exp.Create) else None
    if kind in {"SCHEMA", "SEQUENCE"} or isinstance(statement, (exp.Comment, exp.Semicolon)):
        return None
    if kind == "INDEX":
        if statement.args.get("unique"):
            _too_early(_line(statement), "a unique index", problems)
        return None
    if kind != "TABLE" or not isinstance(statement.this, exp.Schema):
        problems.add(_line(statement), "unreadable-ddl", "only CREATE SCHEMA, TABLE, INDEX and COMMENT are read")
        return None
    return _table(statement.this, problems)


def _table(schema: exp.Schema, problems: Problems) -> TargetTable:
    columns: dict[str, TargetColumn] = {}
    key: list[str] = []
    line = _line(schema.this)
    for part in schema.expressions:
        if isinstance(part, exp.ColumnDef):
            column = _column(part, problems)
            if column.name in columns:
                problems.add(_line(part), "duplicate-column", f"column {column.name} is there twice")
            columns[column.name] = column
            key += [column.name] if part.find(exp.PrimaryKeyColumnConstraint) else []
        else:
            key += [_name(one) for found in part.find_all(exp.PrimaryKey) for one in found.expressions]
        if part.find(exp.UniqueColumnConstraint):
            _too_early(_line(part, line), "a unique constraint", problems)
        if part.find(exp.Reference) or part.find(exp.ForeignKey):
            _too_early(_line(part, line), "a foreign key", problems)
    table = schema.this
    name = f"{_name(table.args['db']) if table.args.get('db') else 'public'}.{_name(table.this)}"
    if not key:
        problems.add(line, "missing-primary-key", f"table {name} has no primary key")
    return TargetTable(table=name, file=problems.file, line=line, columns=columns, key=tuple(key))


def _column(part: exp.ColumnDef, problems: Problems) -> TargetColumn:
    name = _name(part.this)
    if name.startswith("_og_"):
        problems.add(_line(part), "reserved-name", f"column {name}: names with _og_ are added by `overgrow apply`")
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
        f"{what} can refuse rows that arrive in another order: leave it out until the old system is switched off",
    )


def _name(node: exp.Expr) -> str:
    identifier = node if isinstance(node, exp.Identifier) else node.find(exp.Identifier)
    if identifier is None:
        return node.name
    return identifier.name if identifier.args.get("quoted") else identifier.name.lower()


def _line(node: exp.Expr, otherwise: int = 1) -> int:
    return min(_lines(node), default=otherwise)


def _lines(node: exp.Expr) -> Iterator[int]:
    return (int(one.meta["line"]) for one in node.find_all(exp.Identifier) if "line" in one.meta)
