"""`PostgresSink.write`: the order of one write transaction.

    1. COPY rows and keys into the session's stages          (before the lock: staging needs no order)
    2. lock the checkpoint row; other token, other position -> nothing is written
    3. refuse what open letters refuse
    4. each step under its guard: delete, filter, upsert, patch
    5. letters, books, checkpoint; commit

The sink never retries and never guesses: it says which of the engine's cases it met.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.apply.batch import Batch
from overgrow.apply.ports import BadRows, Boundary, Claimed, ClaimLost, ConstraintViolation, Hole, Moved, Receipt
from overgrow.faultpoints import reached
from overgrow.model import Claim, Part
from overgrow.sinks.postgres import direct, probe
from overgrow.sinks.postgres.claim import claim_part, no_checkpoint
from overgrow.sinks.postgres.classify import fate
from overgrow.sinks.postgres.steps import Position, Write, check_snapshot, copy_payload, lock
from overgrow.sinks.postgres.table import Table

# A zombie's open transaction is ended by the server before its partitions are re-assigned twice over; a lock is waited
# for and retried; plans are made for the stage as it is, not as it was five batches ago.
SESSION = (
    "-c idle_in_transaction_session_timeout=8s -c lock_timeout=5s -c statement_timeout=60s"
    " -c plan_cache_mode=force_custom_plan -c client_min_messages=warning"
)
# A target that swallows packets must not hold a worker for the kernel's quarter of an hour: 15 s without an answer end
# the connection (tcp_user_timeout counts in milliseconds).
SOCKET: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}


class PostgresSink:
    """One connection; batches are written one at a time."""

    def __init__(
        self, dsn: str, tables: Mapping[str, Table], *, pipeline: str, owner: str, rereads: bool = False
    ) -> None:
        """`tables`: by topic. `owner`: this worker's uuid, the second half of its claims. `rereads`: see Folder."""
        self._dsn = dsn
        self._tables = tables
        self._owner = owner
        self._rereads = rereads
        self._application = f"overgrow:{pipeline}"
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._staged: set[str] = set()
        self._turn = asyncio.Lock()

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """Take over the partitions' checkpoints on a connection of its own; see `Sink.claim`."""
        claimed = {}
        with _named():
            async with await self._open() as connection:
                for part in parts:
                    claimed[part] = await claim_part(
                        connection, self._tables[part.topic], part, self._owner, evict=self._evict
                    )
        return claimed

    async def write(self, batch: Batch, claim: Claim) -> Receipt:
        """One transaction; see `Sink.write`."""
        async with self._turn:
            table = self._tables[batch.part.topic]
            try:
                with _named():
                    connection = await self._connected(table)
                    async with connection.transaction():
                        receipt = await self._write(connection, table, batch, claim)
                        await reached("before_commit")
                    await reached("after_commit")
                    return receipt
            except _Data as bad:
                with _named():
                    connection = await self._connected(table)
                    causes = await probe.bad_rows(connection, table, batch)
                if not causes:
                    raise bad.error from None  # not a row's fault: a bug, and it stops the worker
                raise BadRows(causes) from bad.error
            except errors.TransientError:
                await self.aclose()
                raise

    async def aclose(self) -> None:
        """Drop the connection; the next write opens another."""
        connection, self._connection = self._connection, None
        self._staged.clear()
        if connection is not None:
            await connection.close()

    async def _write(
        self, connection: psycopg.AsyncConnection[Any], table: Table, batch: Batch, claim: Claim
    ) -> Receipt:
        straight = direct.suits(batch)
        if not straight:
            await copy_payload(connection, table, batch.steps)  # before the lock: the longest part of a batch
        await reached("after_stage")
        position = await self._lock(connection, table, batch, claim)
        await reached("after_lock")
        if batch.reads and not self._rereads:
            await check_snapshot(connection, table, batch, position)
        write = Write(connection, table, batch, position)
        counts = None
        if straight and direct.allowed(position):
            counts = await direct.copy_rows(connection, table, batch, position)
        if counts is None:
            if straight:
                await copy_payload(connection, table, batch.steps)
            counts = await write.run()
        books = batch.books.plus(counts)
        await connection.execute(
            table.statements["advance"],
            {**write.where, "next": batch.next, "position": batch.position, **books._asdict()},
        )
        return Receipt(next=batch.next, books=books, letters=tuple(write.filed))

    async def _lock(
        self, connection: psycopg.AsyncConnection[Any], table: Table, batch: Batch, claim: Claim
    ) -> Position:
        position = await lock(connection, table, batch.part)
        if position is None:
            raise no_checkpoint(table.pipeline, batch.part)
        if position.claim != claim:
            msg = f"{batch.part} is claimed by {position.claim}, not by us ({claim})"
            raise ClaimLost(msg)
        if position.next_offset != batch.start:
            raise (Hole if position.next_offset < batch.start else Moved)(position.next_offset)
        if position.boundary is not None and position.boundary < batch.next:
            raise Boundary(position.boundary)
        return position

    async def _connected(self, table: Table) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._staged.clear()
            self._connection = await self._open()
        if table.mapping not in self._staged:
            for one in table.targets:
                await self._connection.execute(one.statements["make_stage"])
                await self._connection.execute(one.statements["make_gone"])
            self._staged.add(table.mapping)
        return self._connection

    async def _open(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, application_name=self._application, options=SESSION, **SOCKET
        )

    async def _evict(self, blocked_pid: int, statement: sql.Composed) -> None:
        """End sessions of our own kind that block the claim: a zombie's open transaction holds the row."""
        async with await self._open() as connection:
            await connection.execute(statement, {"pid": blocked_pid, "application": self._application})


class _Data(Exception):
    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.error = error


class _named:  # noqa: N801 - reads as a statement: `with _named():`
    """Translate driver errors into the engine's cases."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise errors.TransientError(str(error)) from error
        if not isinstance(error, psycopg.Error):
            return
        text = " ".join(str(error).split())
        match fate(error):
            case "data":
                raise _Data(error) from error
            case "constraint":
                raise ConstraintViolation(text) from error
            case "transient":
                raise errors.TransientError(text) from error
            case "bug":
                return
