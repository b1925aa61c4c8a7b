"""The legacy rows as they travel: every table at one instant, in the wire form a change event would have.

Guarantees: all tables are read in one repeatable-read snapshot; memory stays flat whatever the table's size. Never
writes. Called by the reconciler.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.mapping import TablePlan
from overgrow.sources.postgres import quoted, session

FETCH_ROWS = 5000


class SourceSnapshot:
    """One instant of the source. `transactions` is what it sees, as PostgreSQL prints it (`xmin:xmax:xip`)."""

    def __init__(self, connection: psycopg.Connection[Any], transactions: str) -> None:
        self._connection = connection
        self.transactions = transactions

    def rows(self, plan: TablePlan) -> Iterator[tuple[Any, ...]]:
        """Every row of the plan's source table: the wire values of its used columns, in their order."""
        wire = ", ".join(column.select for column in plan.used)
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(wire), quoted(plan.source_table))
        try:
            with self._connection.cursor(name="og_rows") as cursor:
                cursor.itersize = FETCH_ROWS
                cursor.execute(query)
                yield from cursor
        except psycopg.ProgrammingError as error:
            raise errors.SchemaDrift(
                f"mapping {plan.mapping} cannot read source table {plan.source_table}: {error.diag.message_primary}; "
                "next: compare the table with the project's catalogue, or grant the reconciler SELECT on it"
            ) from error
        except psycopg.OperationalError as error:
            raise errors.UnreachableError(
                f"the source database went away while {plan.source_table} was read: {' '.join(str(error).split())}"
            ) from error


@contextmanager
def snapshot(dsn: str, *, application: str) -> Iterator[SourceSnapshot]:
    """A read-only snapshot of the source, from this moment until the end of the block."""
    with session(dsn, what="source", application=application) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.autocommit = False
        row = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
        yield SourceSnapshot(connection, str(row[0]) if row else "")
        connection.rollback()
