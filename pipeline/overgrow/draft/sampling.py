"""Looks at rows of a table: a bounded number of them, in one statement of bounded time.

Guarantees: values are counted and forgotten; a table that cannot be read in time is passed over, with the reason.
Never reads columns whose values say nothing here (documents, binary). Called by `init` for each mapped table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from overgrow.draft.facts import Column, Table
from overgrow.draft.profile import Profile

FETCH_ROWS = 1000
_LONGEST = 200  # characters of a value that are looked at
_TELLING = frozenset({"text", "char", "int", "float", "numeric", "date", "timestamp", "timestamptz"})
# A sample of pages is not a sample of rows: a little more is asked for, the limit takes it back.
_SURPLUS = 1.5
_PASSED_OVER = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege)
Connection = psycopg.Connection[Any]


def profiles(
    connection: Connection, table: Table, columns: Iterable[Column], limit: int
) -> tuple[dict[str, Profile], str]:
    """A profile by column name, and why there are none (then empty) if the table was passed over."""
    kinds = {column.name: column.type.wire.kind for column in columns if column.type is not None}
    made = {name: Profile(kind=kind) for name, kind in kinds.items() if kind in _TELLING}
    if not made or not limit:
        return {}, ""
    try:
        with connection.transaction(), connection.cursor(name="og_sample") as cursor:
            cursor.itersize = FETCH_ROWS
            cursor.execute(_query(table, made, limit))
            for row in cursor:
                for profile, value in zip(made.values(), row, strict=True):
                    profile.add(value)
    except _PASSED_OVER as error:
        return {}, " ".join(str(error).split())
    return made, ""


def _query(table: Table, names: Iterable[str], limit: int) -> sql.Composed:
    texts = sql.SQL(", ").join(
        sql.SQL("left({}::text, {})").format(sql.Identifier(name), sql.Literal(_LONGEST)) for name in names
    )
    share = 100 * _SURPLUS * limit / table.estimate if table.estimate > 0 else 100
    pages = sql.SQL(" TABLESAMPLE SYSTEM ({})").format(sql.Literal(share)) if share < 100 else sql.SQL("")  # noqa: PLR2004 - per cent
    return sql.SQL("SELECT {} FROM {}{} LIMIT {}").format(
        texts, sql.Identifier(table.schema, table.name), pages, sql.Literal(limit)
    )
