"""A legacy PostgreSQL, read only but for its publication and slot (`apply`) and a logical message (`verify`).

Blocking, short sessions; called by `plan`, `apply`, `verify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which database cluster this is; a restored or re-made one differs."""

    system_identifier: int
    timeline: int


class PostgresSource:
    """One open session with the source."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def identity(self) -> Identity:
        """The cluster's system identifier and timeline."""
        row = self._row(
            "SELECT s.system_identifier, c.timeline_id FROM pg_control_system() s, pg_control_checkpoint() c"
        )
        return Identity(system_identifier=row[0], timeline=row[1])

    def wal_level(self) -> str:
        """`logical`, or the source cannot be streamed."""
        return str(self._row("SHOW wal_level")[0])

    def published(self, publication: str) -> set[str] | None:
        """`schema.table` of every table in the publication; None if there is no such publication."""
        known = self.connection.execute("SELECT 1 FROM pg_publication WHERE pubname = %s", [publication]).fetchone()
        if known is None:
            return None
        rows = self.connection.execute(
            "SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = %s", [publication]
        )
        return {row[0] for row in rows}

    def replica_identity(self, table: str) -> str | None:
        """`default`, `full`, `nothing` or `index`; None if there is no such table."""
        row = self.connection.execute(
            "SELECT relreplident::text FROM pg_class WHERE oid = to_regclass(%s)", [quoted(table).as_string()]
        ).fetchone()
        return {"d": "default", "f": "full", "n": "nothing", "i": "index"}[row[0]] if row else None

    def columns(self, table: str) -> dict[str, tuple[str, bool]]:
        """Column to (type as PostgreSQL writes it, nullable)."""
        rows = self.connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [quoted(table).as_string()],
        )
        return {name: (kind, nullable) for name, kind, nullable in rows}

    def publish(self, publication: str, tables: list[str], *, exists: bool) -> None:
        """Make the publication, or add tables to it."""
        names = sql.SQL(", ").join(quoted(table) for table in tables)
        text = "ALTER PUBLICATION {} ADD TABLE {}" if exists else "CREATE PUBLICATION {} FOR TABLE {}"
        self.connection.execute(sql.SQL(text).format(sql.Identifier(publication), names))

    def has_slot(self, slot: str) -> bool:
        """Whether there is such a replication slot."""
        query = "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s"
        return self.connection.execute(query, [slot]).fetchone() is not None

    def drop_slot(self, slot: str) -> bool:
        """Drop the slot if nobody uses it; whether it is gone."""
        query = (
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active"
        )
        self.connection.execute(query, [slot])
        return not self.has_slot(slot)

    def position(self) -> int:
        """The write-ahead log's insert position, in bytes."""
        return int(self._row("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")[0])

    def mark(self, prefix: str) -> None:
        """Emit a non-transactional logical message: Connect's committed position then passes what was before it."""
        self.connection.execute("SELECT pg_logical_emit_message(false, %s, '')", [prefix])

    def _row(self, query: str) -> tuple[Any, ...]:
        row = self.connection.execute(query).fetchone()
        if row is None:
            msg = f"the source answered {query!r} with nothing"
            raise errors.UnreachableError(msg)
        return tuple(row)


@contextmanager
def connected(dsn: str, *, application: str) -> Iterator[PostgresSource]:
    """A session with the source, or UnreachableError naming it without its password."""
    with session(dsn, what="source", application=application) as connection:
        yield PostgresSource(connection)


@contextmanager
def session(dsn: str, *, what: str, application: str) -> Iterator[psycopg.Connection[Any]]:
    """A blocking autocommit session; `what` names the system when it does not answer, or goes away inside the block."""
    try:
        connection = psycopg.connect(dsn, autocommit=True, application_name=application, connect_timeout=5)
    except psycopg.OperationalError as error:
        place = psycopg.conninfo.conninfo_to_dict(dsn)
        where = f"{place.get('host', 'localhost')}:{place.get('port', 5432)}/{place.get('dbname', '')}"
        text = " ".join(str(error).split())
        raise errors.UnreachableError(f"the {what} database at {where} does not answer: {text}") from error
    try:
        with connection:
            yield connection
    except psycopg.OperationalError as error:
        raise errors.UnreachableError(f"the {what} database went away: {' '.join(str(error).split())}") from error


def checked(dsn: str, key: str) -> str:
    """The connection string, or ConfigurationError naming its `key`; its text, which holds a password, stays out."""
    try:
        place = psycopg.conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        place = {"host": "@"}
    host, port = str(place.get("host") or ""), str(place.get("port") or "5432")
    # An unescaped slash or at sign in a password makes the rest of it part of the host.
    if "@" in host or (":" in host and "/" in host) or not all(one.isdigit() for one in port.split(",")):
        msg = (
            f"overgrow.yaml: {key} is not a connection string (its text is not shown: it may hold a password). "
            "Characters like / @ : % in a user or password are written as %2F %40 %3A %25."
        )
        raise errors.ConfigurationError(msg) from None
    return dsn


def quoted(table: str) -> sql.Identifier:
    """`schema.table` as an identifier."""
    return sql.Identifier(*table.split(".", 1))
