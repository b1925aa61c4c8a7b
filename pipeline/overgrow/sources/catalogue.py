"""The catalogue of a PostgreSQL: what its tables look like now, not what is in them.

Guarantees: a read-only session whose statements are bounded in time; one query for all tables. Never reads a row of a
table. Called by `check --live` and `check --record`, for the source and for the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from overgrow import errors
from overgrow.mapping.live import LiveColumn, LiveTable
from overgrow.sources.postgres import session

STATEMENT_SECONDS = 30
_IDENTITIES = {"d": "default", "f": "full", "n": "nothing", "i": "index"}
# A generated column is part of the table, and of no change that the source sends; `apply` counts it as well.
_TABLES = """
SELECT n.nspname || '.' || c.relname AS name, c.relreplident::text AS identity,
       ARRAY(SELECT a.attname::text FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, at)
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
              WHERE i.indrelid = c.oid AND i.indisprimary AND k.at <= i.indnkeyatts ORDER BY k.at) AS key,
       (SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
                                           a.atthasdef OR a.attidentity <> '') ORDER BY a.attnum)
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname || '.' || c.relname = ANY(%s)
"""


@contextmanager
def reading(dsn: str, *, what: str, application: str) -> Iterator[psycopg.Connection[Any]]:
    """A session that can change nothing and waits for nothing for long; `what` names the system."""
    with session(dsn, what=what, application=application) as connection:
        connection.execute("SET default_transaction_read_only = on")
        connection.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
        connection.execute("SET lock_timeout = '5s'")
        try:
            yield connection
        except psycopg.errors.QueryCanceled as error:
            msg = f"the {what} did not answer within {STATEMENT_SECONDS} s ({error.diag.message_primary})"
            raise errors.UnreachableError(msg) from error


def tables(connection: psycopg.Connection[Any], names: Iterable[str]) -> dict[str, LiveTable]:
    """The tables there are of the given ones, by `schema.table`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_TABLES, [list(names)]).fetchall()
    return {
        row["name"]: LiveTable(
            table=row["name"],
            key=tuple(row["key"]),
            replica_identity=_IDENTITIES[row["identity"]],
            columns={
                name: LiveColumn(type_text=kind, nullable=nullable, filled=filled)
                for name, kind, nullable, filled in row["columns"] or ()
            },
        )
        for row in rows
    }
