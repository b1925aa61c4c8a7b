"""A few rows of a live source table, as they would travel.

Guarantees: read only, within seconds or not at all (a statement timeout), in key order. Never the whole table. Called
by `show --sample`.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.mapping import TablePlan
from overgrow.sources.postgres import quoted, session

TIMEOUT_SECONDS = 10


def sample(dsn: str, plan: TablePlan, *, rows: int) -> list[dict[str, Any]]:
    """The first rows that are inside the mapping's filter: wire values by column."""
    wire = sql.SQL(", ".join(column.select for column in plan.used))
    key = sql.SQL(", ").join(map(sql.Identifier, plan.source_key))
    query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {}").format(
        wire, quoted(plan.source_table), sql.SQL(plan.where_sql), key, sql.Literal(rows)
    )
    with session(dsn, what="source", application="overgrow:show") as connection:
        try:
            connection.execute("SET default_transaction_read_only TO on")
            connection.execute(f"SET statement_timeout = '{TIMEOUT_SECONDS}s'")
            found = connection.execute(query).fetchall()
        except psycopg.errors.QueryCanceled as error:
            raise errors.UnreachableError(
                f"the source did not give {rows} rows of {plan.source_table} in {TIMEOUT_SECONDS} s; next: give the "
                "rows of a file: --sample FILE"
            ) from error
        except psycopg.ProgrammingError as error:
            raise errors.SchemaDrift(
                f"mapping {plan.mapping} cannot read source table {plan.source_table}: {error.diag.message_primary}; "
                "next: compare the table with the project's catalogue, or grant SELECT on it"
            ) from error
    names = [column.name for column in plan.used]
    return [dict(zip(names, row, strict=True)) for row in found]
