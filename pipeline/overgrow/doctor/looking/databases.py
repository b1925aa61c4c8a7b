"""Source and target, seen by one short session each. A row is written to the target and rolled back, nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.doctor.facts import Checkpoint, Publication, Slot, Source, Target
from overgrow.model import Part
from overgrow.sinks.postgres import install
from overgrow.sources.postgres import PostgresSource, session

Connection = psycopg.Connection[Any]
PROBE_BYTES = 1 << 20
LOCK_MS = 500  # a check waits for nobody

_SETTINGS = """
SELECT current_setting('wal_level'),
       (SELECT count(*) FROM pg_replication_slots), current_setting('max_replication_slots')::int,
       (SELECT count(*) FROM pg_stat_replication), current_setting('max_wal_senders')::int
"""
# As JSON, because its columns grow with PostgreSQL's versions. A standby has no current position.
_SLOT = """
SELECT to_jsonb(s), (at.lsn - s.restart_lsn)::bigint, (at.lsn - s.confirmed_flush_lsn)::bigint
  FROM pg_replication_slots s, (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                                            ELSE pg_current_wal_lsn() END AS lsn) at
 WHERE s.slot_name = %s
"""
_PUBLICATION = """
SELECT array_remove(ARRAY[CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
                          CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END], NULL)
  FROM pg_publication WHERE pubname = %s
"""
# A list of columns or a filter narrows a table's entry (PostgreSQL 15 and later have both).
_LIMITED = """
SELECT n.nspname || '.' || c.relname
  FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid
  JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE p.pubname = %s AND (to_jsonb(r) ->> 'prqual' IS NOT NULL OR to_jsonb(r) ->> 'prattrs' IS NOT NULL)
"""
_CHECKPOINTS = """
SELECT topic, partition, topic_id, partition_count, next_offset FROM overgrow.checkpoint
 WHERE pipeline = %s ORDER BY topic, partition
"""
# Unique indexes without a constraint refuse rows as well.
_CONSTRAINTS = """
SELECT conname::text FROM pg_constraint WHERE conrelid = to_regclass(%(table)s) AND contype IN ('u', 'f', 'x')
UNION
SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = to_regclass(%(table)s) AND i.indisunique AND NOT i.indisprimary ORDER BY 1
"""


def source(deployment: Deployment, *, slot: str, publication: str) -> Source:
    """The legacy database."""
    with _session(deployment, "source") as connection:
        database, offset = PostgresSource(connection), _clock(connection)
        wal_level, slots, max_slots, senders, max_senders = _row(connection, _SETTINGS)
        identity = database.identity()
        return Source(
            identity=(identity.system_identifier, identity.timeline),
            wal_level=wal_level,
            slots=slots,
            max_slots=max_slots,
            senders=senders,
            max_senders=max_senders,
            slot=_slot(connection, slot),
            publication=_publication(database, publication),
            identities={
                plan.source_table: database.replica_identity(plan.source_table) for plan in deployment.plans.values()
            },
            clock=offset,
        )


def target(deployment: Deployment, *, probe: bool) -> Target:
    """The target database; with `probe` a row is written and rolled back."""
    with _session(deployment, "target") as connection:
        version, offset = install.installed_version(connection), _clock(connection)
        recovery, read_only = _row(
            connection, "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::bool"
        )
        tables = [one.table.target for one in deployment.targets]
        return Target(
            in_recovery=recovery,
            read_only=read_only,
            refusal=_refusal(connection) if probe and not (recovery or read_only) else None,
            version=version,
            source=None if version is None else install.pipeline_source(connection, deployment.pipeline),
            checkpoints={} if version is None else _checkpoints(connection, deployment.pipeline),
            constraints=_constraints(connection, tables),
            clock=offset,
        )


@contextmanager
def _session(deployment: Deployment, what: str) -> Iterator[Connection]:
    """What a check may not read is a named error as well, never a traceback."""
    dsn = deployment.source_dsn if what == "source" else deployment.target_dsn
    application = f"overgrow:{deployment.pipeline}:doctor"
    with session(dsn, what=what, application=application) as connection:
        try:
            connection.execute(f"SET lock_timeout = {LOCK_MS}")
            yield connection
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            raise errors.ConfigurationError(
                f"the {what} database does not show what is asked of it: {error.diag.message_primary or error}"
            ) from error


def _row(connection: Connection, query: str, values: list[Any] | None = None) -> Any:  # noqa: ANN401 - a row
    row = connection.execute(query.encode(), values).fetchone()
    if row is None:
        raise errors.UnreachableError(f"a database answered {query.strip()[:40]!r} with nothing")
    return row


def _clock(connection: Connection) -> float:
    """Seconds its clock is ahead of this machine's; the way there and back is halved."""
    before = time.time()
    (there,) = _row(connection, "SELECT extract(epoch FROM clock_timestamp())::float8")
    return float(there - (before + time.time()) / 2)


def _slot(connection: Connection, name: str) -> Slot | None:
    row = connection.execute(_SLOT.encode(), [name]).fetchone()
    if row is None:
        return None
    seen, retained, unconfirmed = row
    invalidation = seen.get("invalidation_reason") or ("conflict" if seen.get("conflicting") else None)
    return Slot(
        active=seen["active"],
        wal_status=seen.get("wal_status"),
        invalidation=invalidation,
        safe_bytes=seen.get("safe_wal_size"),
        retained_bytes=retained,
        unconfirmed_bytes=unconfirmed,
    )


def _publication(database: PostgresSource, name: str) -> Publication | None:
    tables = database.published(name)
    row = database.connection.execute(_PUBLICATION.encode(), [name]).fetchone()
    if tables is None or row is None:
        return None
    limited = database.connection.execute(_LIMITED.encode(), [name]).fetchall()
    return Publication(
        tables=frozenset(tables), operations=frozenset(row[0]), limited=frozenset(one for (one,) in limited)
    )


def _checkpoints(connection: Connection, pipeline: str) -> dict[Part, Checkpoint]:
    rows = connection.execute(_CHECKPOINTS.encode(), [pipeline])
    return {
        Part(topic, partition): Checkpoint(topic_id=topic_id, partitions=count, next_offset=at)
        for topic, partition, topic_id, count, at in rows
    }


def _constraints(connection: Connection, tables: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found = {}
    for table in tables:
        quoted = sql.Identifier(*table.split(".", 1)).as_string()
        found[table] = tuple(name for (name,) in connection.execute(_CONSTRAINTS.encode(), {"table": quoted}))
    return found


def _refusal(connection: Connection) -> str | None:
    """Why a temporary row cannot be written: a full disk, most of all."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(
                "CREATE TEMP TABLE og_probe ON COMMIT DROP AS"
                " SELECT repeat(md5(n::text), 32) AS filler FROM generate_series(1, %s) n",
                [PROBE_BYTES // 1024],
            )
    except psycopg.Error as error:
        if connection.broken:
            raise
        return f"{error.sqlstate}: {error.diag.message_primary or error}"
    return None
