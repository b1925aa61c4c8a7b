"""COPY straight into the target: only where nothing can be there that a guard would have to look at.

That is a batch of nothing but snapshot reads, in the pipeline's first generation, of a partition that has seen nothing
but reads, without an open letter and without a truncate: then its keys have neither row nor tombstone. Two source keys
on one target key are the exception; the unique violation sends the batch to the guarded way.
"""

from __future__ import annotations

import psycopg

from overgrow.apply.batch import Batch, Books
from overgrow.sinks.postgres.install import FIRST_EPOCH
from overgrow.sinks.postgres.steps import BACKSLASH, ESCAPED, NULL, Connection, Position
from overgrow.sinks.postgres.table import Table


def suits(batch: Batch) -> bool:
    """Whether the batch holds whole rows of reads, and nothing else."""
    return (
        batch.position is None
        and batch.truncate is None
        and not batch.letters
        and len(batch.steps) == 1
        and batch.steps[0].kind == "upsert"
    )


def allowed(position: Position) -> bool:
    """Whether the partition has no past that its reads could meet."""
    first = position.epoch == FIRST_EPOCH and position.generation == 0
    return first and position.streamed_to is None and position.truncation is None and not position.letters


async def copy_rows(connection: Connection, table: Table, batch: Batch, position: Position) -> Books | None:
    """Write the rows; None if the target has one of their keys already, then nothing is written."""
    (step,) = batch.steps
    lines = [
        f"{line}\t{position.base + offset}\t{NULL}\t{NULL}"
        + (f"\t{key.replace(BACKSLASH, ESCAPED) if BACKSLASH in key else key}\n" if table.keyed else "\n")
        for key, offset, _, _, _, line in step.rows
    ]
    try:
        async with connection.transaction(), connection.cursor().copy(table.statements["copy_direct"]) as copy:
            await copy.write("".join(lines))
    except psycopg.errors.UniqueViolation:
        return None
    return Books(applied=len(lines))
