"""overgrow's own tables, the stamp columns, the checkpoints: everything `apply` makes in the target.

Blocking; called by provision/target.py only. A worker never makes a checkpoint: a missing one is an error there.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.model import stamp_base
from overgrow.sinks.postgres.claim import SCHEMA_VERSION
from overgrow.sinks.postgres.table import Table

FIRST_EPOCH = 1
OF_A_PIPELINE = ("checkpoint", "generation", "tombstone", "dead_letter", "truncation", "mapping_version", "pipeline")
Connection = psycopg.Connection[Any]


def installed_version(connection: Connection) -> int | None:
    """The version of overgrow's own tables, None if there are none."""
    if not _exists(connection, "overgrow.version"):
        return None
    row = connection.execute("SELECT max(version) FROM overgrow.version").fetchone()
    return row[0] if row else None


def migrate(connection: Connection) -> None:
    """Make overgrow's own tables, or bring them to this version, one version after the other in one transaction."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('overgrow.version'))")
        done = installed_version(connection) or 0
        for number in range(done + 1, SCHEMA_VERSION + 1):
            text = resources.files(__package__).joinpath(f"own/{number:03}.sql").read_text(encoding="utf-8")
            connection.execute(text)  # packaged code, not input


def columns(connection: Connection, target: str) -> dict[str, tuple[str, bool]]:
    """The target table's columns: name to (type, nullable); empty if there is no such table."""
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [sql.Identifier(*target.split(".", 1)).as_string()],
    )
    return {name: (kind, nullable) for name, kind, nullable in rows}


def primary_key(connection: Connection, target: str) -> set[str]:
    """The columns of the target table's primary key."""
    rows = connection.execute(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indrelid = to_regclass(%s) AND i.indisprimary",
        [sql.Identifier(*target.split(".", 1)).as_string()],
    )
    return {row[0] for row in rows}


def stamp_columns(table: Table) -> dict[str, str]:
    """What every target row carries."""
    stamps = {"_og_off": "bigint NOT NULL", "_og_lsn": "bigint", "_og_xid": "bigint"}
    return {**stamps, **({"_og_key": "text NOT NULL"} if table.keyed else {})}


def add_stamps(connection: Connection, table: Table, missing: list[str]) -> None:
    """Add the missing stamp columns; fails on a table that has rows, which nobody could order."""
    wanted = stamp_columns(table)
    adds = [sql.SQL("ADD COLUMN {} {}").format(sql.Identifier(name), sql.SQL(wanted[name])) for name in missing]
    parts = sql.SQL(", ").join(adds)
    connection.execute(sql.SQL("ALTER TABLE {} {}").format(table.identifier, parts))


def has_rows(connection: Connection, table: Table) -> bool:
    """Whether the target table is there and holds anything."""
    if not _exists(connection, table.identifier.as_string()):
        return False
    return connection.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(table.identifier)).fetchone() is not None


def pipeline_source(connection: Connection, pipeline: str) -> tuple[int, int] | None:
    """(system identifier, timeline) of the source this pipeline belongs to."""
    row = connection.execute(
        "SELECT system_identifier, timeline FROM overgrow.pipeline WHERE pipeline = %s", [pipeline]
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else None


def register_pipeline(connection: Connection, pipeline: str, system_identifier: int, timeline: int) -> None:
    """Bind the pipeline to its source."""
    connection.execute(
        "INSERT INTO overgrow.pipeline (pipeline, system_identifier, timeline, history_from) VALUES (%s, %s, %s, %s)",
        [pipeline, system_identifier, timeline, stamp_base(epoch=FIRST_EPOCH, generation=0)],
    )


def checkpoints(connection: Connection, pipeline: str, topic: str) -> dict[int, tuple[str, int]]:
    """Partition to (topic id, partition count) of the checkpoints there are."""
    rows = connection.execute(
        "SELECT partition, topic_id, partition_count FROM overgrow.checkpoint WHERE pipeline = %s AND topic = %s",
        [pipeline, topic],
    )
    return {partition: (topic_id, count) for partition, topic_id, count in rows}


def add_checkpoints(connection: Connection, table: Table, topic_id: str, partitions: int) -> None:
    """Begin the topic's first epoch and generation at offset 0 of every partition."""
    with connection.transaction():
        for partition in range(partitions):
            connection.execute(
                "INSERT INTO overgrow.checkpoint (pipeline, topic, partition, topic_id, partition_count, epoch)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [table.pipeline, table.topic, partition, topic_id, partitions, FIRST_EPOCH],
            )
            connection.execute(
                "INSERT INTO overgrow.generation (pipeline, topic, partition, epoch, number, from_offset)"
                " VALUES (%s, %s, %s, %s, 0, 0)",
                [table.pipeline, table.topic, partition, FIRST_EPOCH],
            )


def recorded_digest(connection: Connection, table: Table) -> tuple[int, str] | None:
    """(version, digest) of the newest recorded text of the mapping."""
    row = connection.execute(
        "SELECT version, digest FROM overgrow.mapping_version WHERE pipeline = %s AND mapping = %s"
        " ORDER BY version DESC LIMIT 1",
        [table.pipeline, table.mapping],
    ).fetchone()
    return (row[0], row[1]) if row else None


def record_mapping(connection: Connection, table: Table, document: str) -> None:
    """Record the mapping's text and, per partition, the offset from which it is in force.

    Every claim on these partitions ends with it: a worker that still has the text before it can commit nothing more,
    and is refused by name when it claims again.
    """
    where = [table.pipeline, table.topic]
    with connection.transaction():
        connection.execute(
            "UPDATE overgrow.checkpoint SET claim = claim + 1, owner = '' WHERE pipeline = %s AND topic = %s", where
        )
        connection.execute(
            "INSERT INTO overgrow.mapping_version"
            " (pipeline, mapping, version, digest, document, topic, partition, from_offset)"
            " SELECT pipeline, %s, %s, %s, %s, topic, partition, next_offset FROM overgrow.checkpoint"
            " WHERE pipeline = %s AND topic = %s",
            [table.mapping, table.version, table.digest, document, *where],
        )


def check_source(connection: Connection, pipeline: str, system_identifier: int, timeline: int) -> bool:
    """Whether the pipeline is bound to a source yet; raises IdentityChanged when it is another one than this."""
    known = pipeline_source(connection, pipeline)
    if known is None:
        return False
    if known != (system_identifier, timeline):
        msg = (
            f"pipeline {pipeline!r} belongs to source system {known[0]}, timeline {known[1]}; the DSN leads to system "
            f"{system_identifier}, timeline {timeline}. Positions do not compare between them. Next: if this is meant, "
            "`overgrow adopt`; if not, mend the DSN."
        )
        raise errors.IdentityChanged(msg)
    return True


def forget(connection: Connection, pipeline: str, tables: Iterable[Table]) -> None:
    """Empty the mapped target tables and forget the pipeline: the way to a new first snapshot."""
    names = sql.SQL(", ").join({one.target: one.identifier for table in tables for one in table.targets}.values())
    with connection.transaction():
        # The pipeline's row last: what refers to it goes first. Its workers are fenced by the loss of the checkpoints.
        for name in OF_A_PIPELINE:
            query = sql.SQL("DELETE FROM {} WHERE pipeline = %s").format(sql.Identifier("overgrow", name))
            connection.execute(query, [pipeline])
        connection.execute(sql.SQL("TRUNCATE {}").format(names))


def leftovers(connection: Connection, table: Table) -> list[str]:
    """What an earlier life of the topic has left: its stamps would refuse the rows of a new one."""
    found = [
        name
        for name, condition in (("tombstone", "mapping"), ("dead_letter", "mapping"), ("generation", "topic"))
        if connection.execute(
            sql.SQL("SELECT 1 FROM {} WHERE pipeline = %s AND {} = %s LIMIT 1").format(
                sql.Identifier("overgrow", name), sql.Identifier(condition)
            ),
            [table.pipeline, table.mapping if condition == "mapping" else table.topic],
        ).fetchone()
    ]
    full = {one.target for one in table.targets if has_rows(connection, one)}
    return [f"overgrow.{name}" for name in found] + sorted(full)


def _exists(connection: Connection, name: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchone()
    return bool(row and row[0])
