"""The limit: the same rows, already translated, by one raw COPY per 5,000 into the same table without stamps."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg
from psycopg import sql

from benchmarks import cpu
from overgrow.deployment import Deployment

BATCH = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """CPU and wall seconds of client and server."""

    rows: int
    client: float
    postgres: float
    wall: float

    @property
    def per_core(self) -> float:
        """Rows per second of CPU, client and PostgreSQL together."""
        return self.rows / (self.client + self.postgres)


def raw_copy(deployment: Deployment, postmaster: int) -> Copied:
    """Copy the target's own rows, as text, into a twin of the target table."""
    table = next(iter(deployment.tables.values()))
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.columns)
    with psycopg.connect(deployment.target_dsn, autocommit=True) as target:
        with target.cursor().copy(sql.SQL("COPY {} ({}) TO STDOUT").format(table.identifier, columns)) as out:
            lines = b"".join(bytes(piece) for piece in out).splitlines(keepends=True)
        target.execute(
            sql.SQL("DROP TABLE IF EXISTS bench.raw; CREATE TABLE bench.raw AS TABLE {} WITH NO DATA").format(
                table.identifier
            )
        )
        key = sql.SQL(", ").join(sql.Identifier(name) for name in table.key)
        target.execute(sql.SQL("ALTER TABLE bench.raw ADD PRIMARY KEY ({})").format(key))
        target.execute("CHECKPOINT")
        batches = [b"".join(lines[at : at + BATCH]) for at in range(0, len(lines), BATCH)]
        begin = (time.process_time(), cpu.tree_seconds(postmaster), time.monotonic())
        for batch in batches:
            with target.cursor().copy(sql.SQL("COPY bench.raw ({}) FROM STDIN").format(columns)) as copy:
                copy.write(batch)
        return Copied(
            rows=len(lines),
            client=time.process_time() - begin[0],
            postgres=cpu.tree_seconds(postmaster) - begin[1],
            wall=time.monotonic() - begin[2],
        )
