"""Which rows does the target refuse? Found by trying halves, in transactions that are always rolled back.

Only after a batch has failed with a data error: one bad row costs about 2 * log2(n) attempts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from overgrow.apply.batch import Batch, Row, Step
from overgrow.model import LetterKind
from overgrow.sinks.postgres.classify import fate
from overgrow.sinks.postgres.steps import copy_payload
from overgrow.sinks.postgres.table import Table

Causes = dict[int, tuple[LetterKind, str]]


async def bad_rows(connection: psycopg.AsyncConnection[Any], table: Table, batch: Batch) -> Causes:
    """Offset to cause of every row that the target's types and constraints refuse."""
    causes: Causes = {}
    for step in batch.steps:
        await _search(connection, table, step, step.rows, causes)
    return causes


async def _search(
    connection: psycopg.AsyncConnection[Any], table: Table, step: Step, rows: Sequence[Row], causes: Causes
) -> None:
    error = await _try(connection, table, step, rows)
    if error is None:
        return
    if len(rows) > 1:
        middle = len(rows) // 2
        await _search(connection, table, step, rows[:middle], causes)
        await _search(connection, table, step, rows[middle:], causes)
        return
    detail = error.diag.message_primary or str(error)
    column = f"column {error.diag.column_name}: " if error.diag.column_name else ""
    causes[rows[0][1]] = ("data", f"SQLSTATE {error.sqlstate}: {column}{detail}")


async def _try(
    connection: psycopg.AsyncConnection[Any], table: Table, step: Step, rows: Sequence[Row]
) -> psycopg.Error | None:
    part = Step(kind=step.kind, rows=list(rows), columns=step.columns)
    everything = {"step": 0, "base": 1 << 62, "history": 1 << 62}  # no guard refuses: every row meets its constraints
    try:
        async with connection.transaction(force_rollback=True):
            await copy_payload(connection, table, [part])
            if step.kind == "upsert":
                await connection.execute(table.statements["upsert"], everything)
            elif step.kind == "patch":
                offsets = [row[1] for row in rows]
                await connection.execute(table.patch(step.columns), {**everything, "offsets": offsets})
    except psycopg.Error as error:
        if fate(error) != "data":
            raise
        return error
    return None
