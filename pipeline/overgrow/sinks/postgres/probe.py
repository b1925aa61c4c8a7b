"""Which rows does the target refuse? Found by trying halves, in transactions that are always rolled back.

Only after a batch has failed with a data error; one bad row costs about 2 * log2(n) attempts. Each runs the real
steps: a row that a tombstone or a letter refuses is never blamed. One that only its target row refuses is, because
types and constraints come before the guard there; its letter is filed as superseded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg

from overgrow.apply.batch import Batch, Row, Step
from overgrow.apply.ports import BadRows
from overgrow.model import LetterKind
from overgrow.sinks.postgres.classify import fate
from overgrow.sinks.postgres.steps import Write, copy_payload, lock
from overgrow.sinks.postgres.table import Table

Causes = dict[int, tuple[LetterKind, str]]


async def bad_rows(connection: psycopg.AsyncConnection[Any], table: Table, batch: Batch) -> Causes:
    """Offset to cause of every row that the target's types and constraints refuse."""
    search = _Search(connection, table, batch)
    for number, step in enumerate(batch.steps):
        await search.halve(number, step.rows)
    return search.causes


class _Search:
    def __init__(self, connection: psycopg.AsyncConnection[Any], table: Table, batch: Batch) -> None:
        self.connection, self.table, self.batch = connection, table, batch
        self.causes: Causes = {}

    async def halve(self, number: int, rows: Sequence[Row]) -> None:
        """Find the bad ones among `rows` of step `number`."""
        error = await self._try(number, rows)
        if error is None:
            return
        if len(rows) > 1:
            middle = len(rows) // 2
            await self.halve(number, rows[:middle])
            await self.halve(number, rows[middle:])
            return
        detail = error.diag.message_primary or str(error)
        column = f"column {error.diag.column_name}: " if error.diag.column_name else ""
        self.causes[rows[0][1]] = ("data", f"SQLSTATE {error.sqlstate}: {column}{detail}")

    async def _try(self, number: int, rows: Sequence[Row]) -> psycopg.Error | None:
        """Run the steps before `number` without what is known to be bad, then `number` with `rows` only."""
        steps: list[Step] = [
            replace(step, rows=[row for row in step.rows if row[1] not in self.causes])
            for step in self.batch.steps[:number]
        ]
        steps.append(replace(self.batch.steps[number], rows=list(rows)))
        try:
            async with self.connection.transaction(force_rollback=True):
                await copy_payload(self.connection, self.table, steps)
                position = await lock(self.connection, self.table, self.batch.part)
                if position is None:
                    return None
                write = Write(self.connection, self.table, self.batch, position)
                await write.heed_truncation()
                await write.heed_letters()
                for place, step in enumerate(steps):
                    await write.step(place, step)
        except psycopg.Error as error:
            if fate(error) != "data":
                raise
            return error
        except BadRows:
            return None  # a key collision: it is found again, by name, once the data errors are out of the batch
        return None
