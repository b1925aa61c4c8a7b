"""overgrow's own tables, the stamp columns, the checkpoints: everything `apply` makes in the target.

Blocking; called by provision/target.py only. A worker never makes a checkpoint: a missing one is an error there.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import psycopg
from psycopg import sql

from overgrow.model import stamp_base
from overgrow.sinks.postgres.table import Table

FIRST_EPOCH = 1
Connection = psycopg.Connection[Any]


def installed_version(connection: Connection) -> int | None:
    """The version of overgrow's own tables, None if there are none."""
    if not _exists(connection, "overgrow.version"):
        return None
    row = connection.execute("SELECT max(version) FROM overgrow.version").fetchone()
    return row[0] if row else None


def install(connection: Connection) -> None:
    """Make the own tables."""
    text = resources.files(__package__).joinpath("own.sql").read_text(encoding="utf-8")
    connection.execute(text)  # packaged code, not input


def columns(connection: Connection, target: str) -> dict[str, tuple[str, bool]]:
    """The target table's columns: name to (type, nullable); empty if there is no such table."""
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [sql.Identifier(*target.split(".", 1)).as_string()],
    )
    return {name: (kind, nullable) for name, kind, nullable in rows}


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
    """Whether the target table holds anything."""
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
                "INSERT INTO overgrow.generation (pipeline, topic, partition, number, from_offset)"
                " VALUES (%s, %s, %s, 0, 0)",
                [table.pipeline, table.topic, partition],
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
    """Record the mapping's text and, per partition, the offset from which it is in force."""
    connection.execute(
        "INSERT INTO overgrow.mapping_version"
        " (pipeline, mapping, version, digest, document, topic, partition, from_offset)"
        " SELECT pipeline, %s, %s, %s, %s, topic, partition, next_offset FROM overgrow.checkpoint"
        " WHERE pipeline = %s AND topic = %s",
        [table.mapping, table.version, table.digest, document, table.pipeline, table.topic],
    )


def _exists(connection: Connection, name: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchone()
    return bool(row and row[0])
