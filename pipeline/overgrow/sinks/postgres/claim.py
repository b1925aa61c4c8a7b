"""Claim a partition: from this moment on, whoever held it before can commit nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.apply.ports import Claimed
from overgrow.model import Claim, Part
from overgrow.sinks.postgres.table import Table

SCHEMA_VERSION = 2  # the highest number in own/
PATIENCE = 1.0  # seconds a claim waits for the row before it ends the session of our own kind that holds it

Evict = Callable[[int, sql.Composed], Awaitable[None]]


async def claim_part(
    connection: psycopg.AsyncConnection[Any], table: Table, part: Part, owner: str, *, evict: Evict
) -> Claimed:
    """Set our token on the checkpoint row; raises Refused when there is none, or another mapping text is in force."""
    await _check_recorded(connection, table, part)
    claiming = asyncio.create_task(_claim(connection, table, part, owner))
    try:
        while not (await asyncio.wait({claiming}, timeout=PATIENCE))[0]:
            await evict(connection.info.backend_pid, table.statements["evict"])
        row = claiming.result()
    finally:
        claiming.cancel()
    if row is None:
        raise no_checkpoint(table.pipeline, part)
    next_offset, number, topic_id, partition_count = row
    return Claimed(
        claim=Claim(number, owner), next_offset=next_offset, topic_id=topic_id, partition_count=partition_count
    )


async def _check_recorded(connection: psycopg.AsyncConnection[Any], table: Table, part: Part) -> None:
    try:
        cursor = await connection.execute(table.statements["recorded"], {"topic": part.topic})
    except psycopg.errors.UndefinedTable as error:
        raise no_checkpoint(table.pipeline, part) from error
    row = await cursor.fetchone()
    version, texts = row or (None, None)
    if version != SCHEMA_VERSION:
        msg = f"the target's own tables have version {version}, this overgrow speaks {SCHEMA_VERSION}"
        then = "`overgrow apply` brings them forward" if (version or 0) < SCHEMA_VERSION else "run the newer overgrow"
        raise errors.Refused(f"{msg}. Next: {then}.", code="own-tables-version")
    if not texts:
        raise no_checkpoint(table.pipeline, part)
    if texts[0] != [str(table.version), table.digest]:
        msg = (
            f"{part}: version {texts[0][0]} of mapping {table.mapping} is in force, this worker has version "
            f"{table.version}{'' if texts[0][0] != str(table.version) else ' with another text'}. Workers of two "
            "mapping texts must not write side by side; next: `overgrow plan` with the newer project."
        )
        raise errors.Refused(msg, code="mapping-version")


async def _claim(connection: psycopg.AsyncConnection[Any], table: Table, part: Part, owner: str) -> Any:  # noqa: ANN401
    cursor = await connection.execute(table.statements["claim"], {**part._asdict(), "owner": owner})
    return await cursor.fetchone()


def no_checkpoint(pipeline: str, part: Part) -> errors.Refused:
    """Checkpoint rows are made by `apply`; their absence is never offset 0."""
    return errors.Refused(
        f"{part}: pipeline {pipeline!r} has no checkpoint in the target. If this target is new, run `overgrow "
        "apply`; if it should have one, it is the wrong target or an old backup: do not run apply, find out.",
        code="no-checkpoint",
    )
