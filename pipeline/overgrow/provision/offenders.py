"""Which rows a constraint does not hold for: a few of them by their key, and how many there are.

Reads only. Called when adding the constraint has failed.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from overgrow.mapping.constraints import Constraint
from overgrow.sinks.postgres import install

SHOWN = 5
Connection = psycopg.Connection[Any]


def named(connection: Connection, one: Constraint) -> str:
    """`7 rows, for example order_no=A1, line_no=2 (customer_id=9)`; empty where an index has expressions."""
    if one.kind in ("unique", "unique index") and not one.columns:
        return ""
    key = sorted(install.primary_key(connection, one.table))
    shown = [*key, *(name for name in one.columns if name not in key)]
    picked = sql.SQL(", ").join(sql.SQL("t.{}::text").format(sql.Identifier(name)) for name in shown)
    query = sql.SQL("SELECT {}, count(*) OVER () FROM {} t WHERE {} ORDER BY {} LIMIT {}").format(
        picked, sql.Identifier(*one.table.split(".", 1)), _broken(one), _order(one, key), sql.Literal(SHOWN)
    )
    rows = connection.execute(query).fetchall()
    if not rows:
        return ""  # mended meanwhile
    texts = [_row(dict(zip(shown, row, strict=False)), key) for row in rows]
    return f"{rows[0][-1]} rows, for example {'; '.join(texts)}"


def _row(values: dict[str, str | None], key: list[str]) -> str:
    texts = {name: f"{name}={'NULL' if value is None else value}" for name, value in values.items()}
    beside = ", ".join(text for name, text in texts.items() if name not in key)
    return ", ".join(texts[name] for name in key) + (f" ({beside})" if beside else "")


def _broken(one: Constraint) -> sql.Composable:
    condition = sql.SQL(one.condition or "true")  # the project's own DDL file
    if one.kind == "check":
        return sql.SQL("NOT ({})").format(condition)
    table = sql.Identifier(*one.table.split(".", 1))
    if one.kind == "foreign key":
        table = sql.Identifier(*one.parent.split(".", 1))
        pairs = zip(one.parent_columns, one.columns, strict=True)
        met = [sql.SQL("p.{} = t.{}").format(sql.Identifier(theirs), sql.Identifier(ours)) for theirs, ours in pairs]
        whole = [sql.SQL("t.{} IS NOT NULL").format(sql.Identifier(name)) for name in one.columns]
        return sql.SQL("{} AND NOT EXISTS (SELECT FROM {} p WHERE {})").format(
            sql.SQL(" AND ").join(whole), table, sql.SQL(" AND ").join(met)
        )
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in one.columns)
    whole = [sql.SQL("{} IS NOT NULL").format(sql.Identifier(name)) for name in one.columns]
    twice = sql.SQL("SELECT {} FROM {} WHERE {} AND ({}) GROUP BY {} HAVING count(*) > 1").format(
        columns, table, sql.SQL(" AND ").join(whole), condition, columns
    )
    ours = sql.SQL(", ").join(sql.Identifier("t", name) for name in one.columns)
    return sql.SQL("({}) IN ({}) AND ({})").format(ours, twice, condition)


def _order(one: Constraint, key: list[str]) -> sql.Composed:
    """Rows that share a value stand together."""
    names = [*(one.columns if one.kind.startswith("unique") else ()), *key]
    return sql.SQL(", ").join(sql.Identifier("t", name) for name in names)
