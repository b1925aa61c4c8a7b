"""Relays dead letters to `overgrow.<pipeline>.dlq`; the table in the target stays the truth.

Guarantees: a letter is marked as relayed only after the brokers have acknowledged it, so each gets there at least once;
whoever dies between the two sends it again with the same coordinates. One worker of a pipeline relays at a time. Never
ends a worker because target or brokers are away, and never locks a letter while it waits for the brokers: the writers
close letters, and they would wait too.

The turn is a lock that ends with its transaction; a relay that freezes in it is ended by the server. Run by both hosts.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
from confluent_kafka import KafkaError, KafkaException, Producer
from psycopg.rows import class_row

from overgrow import errors
from overgrow.apply.engine import Observer
from overgrow.kafka import own_topics
from overgrow.sinks.postgres.classify import fate
from overgrow.sinks.postgres.sink import SOCKET
from overgrow.workers.relayed import Coordinates, StoredLetter, headers

PAUSE = 1.0  # seconds between looks, jittered up to twice that
PATIENCE = 5.0  # seconds the brokers have to acknowledge a batch, below the server's limit for an idle transaction
ROWS, BYTES = 500, 8 << 20  # of one batch; a single larger letter goes alone
SESSION = (
    "-c idle_in_transaction_session_timeout=8s -c lock_timeout=5s -c statement_timeout=30s"
    " -c client_min_messages=warning"
)
# Errors of one record, whatever the state of the cluster.
OF_THE_RECORD = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD, KafkaError.INVALID_MSG}
# The target is empty or older than this version: the claim says so by name, and stops the worker.
NOT_INSTALLED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)

_TURN = "SELECT pg_try_advisory_xact_lock(hashtext('overgrow.relay'), hashtext(%(pipeline)s))"
_NEXT = """
SELECT pipeline, mapping, mapping_version, topic, partition, epoch, "offset", source_key, kind, cause, field, state,
       key, value, header_names, header_values
  FROM (SELECT *, sum(coalesce(octet_length(value), 0)) OVER (ORDER BY at_row) - coalesce(octet_length(value), 0)
                  AS before_it
          FROM (SELECT *, row_number() OVER (ORDER BY created_at, topic, partition, epoch, "offset") AS at_row
                  FROM overgrow.dead_letter
                 WHERE pipeline = %(pipeline)s AND relayed_at IS NULL
                   AND concat_ws('/', topic, partition, epoch, "offset") <> ALL (%(refused)s)
                 ORDER BY created_at, topic, partition, epoch, "offset"
                 LIMIT %(rows)s) oldest) sized
 WHERE before_it < %(bytes)s
 ORDER BY at_row
"""
_MARK = """
UPDATE overgrow.dead_letter d
   SET relayed_at = clock_timestamp()
  FROM unnest(%(topics)s::text[], %(partitions)s::int[], %(epochs)s::int[], %(offsets)s::bigint[])
       AS sent (topic, partition, epoch, "offset")
 WHERE d.pipeline = %(pipeline)s AND d.topic = sent.topic AND d.partition = sent.partition
   AND d.epoch = sent.epoch AND d."offset" = sent."offset"
"""

Delivered = Callable[[KafkaError | None, Any], None]


class Relay:
    """One connection and one producer, both made when they are needed first."""

    def __init__(self, *, pipeline: str, target_dsn: str, bootstrap: str, observe: Observer) -> None:
        self._pipeline = pipeline
        self._topic = own_topics.dead_letters(pipeline)
        self._dsn = target_dsn
        self._bootstrap = bootstrap
        self._observe = observe
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._producer: Producer | None = None
        self._refused: set[str] = set()  # the brokers will not take them, said once; tried again by the next process
        self._acknowledged: set[Coordinates] = set()  # not marked yet: a target that is read-only or full is no flood
        self._said = ""

    async def run(self) -> None:
        """Relay until cancelled."""
        try:
            while True:
                if not await self._patiently():
                    await asyncio.sleep(PAUSE * (1 + random.random()))  # noqa: S311 - jitter
        finally:
            await self.aclose()

    async def once(self) -> int:
        """Relay one batch if it is our turn; how many letters are done with."""
        connection = await self._connected()
        async with connection.transaction():
            if not await self._turn(connection):
                return 0
            places = [letter.coordinates for letter in await self._send_next(connection)]
            sent = [place for place in places if place in self._acknowledged]
            if sent:
                await self._mark(connection, sent)
        if sent:
            self._acknowledged.difference_update(sent)
            self._observe("relayed", {"letters": len(sent), "topic": self._topic})
        return len(sent)

    async def aclose(self) -> None:
        """Drop connection and producer; what was not acknowledged is not marked, and is sent again."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            await connection.close()

    async def _patiently(self) -> int:
        try:
            done = await self.once()
        except (errors.TransientError, OSError, psycopg.Error) as error:
            if isinstance(error, psycopg.Error) and not isinstance(error, NOT_INSTALLED) and fate(error) != "transient":
                raise
            await self.aclose()
            text = " ".join(str(error).split())
            if text != self._said:  # an outage is one event, not one a second
                self._said = text
                self._observe("relay-retry", {"error": text})
            return 0
        self._said = ""
        return done

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn,
                autocommit=True,
                application_name=f"overgrow:{self._pipeline}:relay",
                options=SESSION,
                **SOCKET,
            )
        return self._connection

    async def _turn(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        row = await (await connection.execute(_TURN, {"pipeline": self._pipeline})).fetchone()
        return bool(row and row[0])

    async def _send_next(self, connection: psycopg.AsyncConnection[Any]) -> list[StoredLetter]:
        letters = await self._next(connection)
        await self._send([letter for letter in letters if letter.coordinates not in self._acknowledged])
        return letters

    async def _next(self, connection: psycopg.AsyncConnection[Any]) -> list[StoredLetter]:
        limits = {"pipeline": self._pipeline, "refused": sorted(self._refused), "rows": ROWS, "bytes": BYTES}
        async with connection.cursor(row_factory=class_row(StoredLetter)) as cursor:
            await cursor.execute(_NEXT, limits)
            return await cursor.fetchall()

    async def _send(self, letters: list[StoredLetter]) -> None:
        """Send, and wait until the brokers have acknowledged what they take."""
        if not letters:
            return
        if self._producer is None:
            self._producer = Producer(configuration(self._bootstrap))
        failed: list[KafkaError] = []
        for letter in letters:
            self._produce(self._producer, letter, partial(self._delivered, letter, failed))
        await asyncio.to_thread(self._producer.flush, PATIENCE + 1)
        if failed or len(self._producer):
            self._producer = None  # what it still holds is lost to it, not to us
        if failed and len(failed) == len(letters):
            cause = failed[0]
            msg = f"topic {self._topic} at {self._bootstrap} takes no letters: {cause.name()}: {cause.str()}"
            hint = "; next: `overgrow apply`" if cause.code() in _NO_TOPIC else ""
            raise errors.TransientError(msg + hint)

    def _produce(self, producer: Producer, letter: StoredLetter, delivered: Delivered) -> None:
        try:
            producer.produce(
                self._topic, key=letter.key, value=letter.value, headers=headers(letter), on_delivery=delivered
            )
        except KafkaException as refused:  # too large for the client itself
            delivered(refused.args[0], None)

    def _delivered(
        self,
        letter: StoredLetter,
        failed: list[KafkaError],
        error: KafkaError | None,
        _message: object,
    ) -> None:
        if error is None:
            self._acknowledged.add(letter.coordinates)
        elif error.code() in OF_THE_RECORD:
            self._refused.add("/".join(map(str, letter.coordinates)))
            cause = f"{error.name()}: {error.str()}"
            self._observe("relay-refused", {"letter": letter.coordinates, "topic": self._topic, "error": cause})
        else:
            failed.append(error)

    async def _mark(self, connection: psycopg.AsyncConnection[Any], sent: list[Coordinates]) -> None:
        topics, partitions, epochs, offsets = map(list, zip(*sent, strict=True))
        places = {"topics": topics, "partitions": partitions, "epochs": epochs, "offsets": offsets}
        await connection.execute(_MARK, {"pipeline": self._pipeline, **places})


_NO_TOPIC = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}  # noqa: SLF001 - the client's own name for it


def configuration(bootstrap: str) -> dict[str, Any]:
    """Acknowledged by all replicas, in order; given up within the turn, so that the next one can try again."""
    return {
        "bootstrap.servers": bootstrap,
        "acks": "all",
        "enable.idempotence": True,
        "message.timeout.ms": int(PATIENCE * 1000),
        "topic.metadata.propagation.max.ms": 2000,  # so long an absent topic may be a new one; then it has a name
        "message.max.bytes": 1_000_000_000,  # before compression; what counts is the topic's limit
        "compression.type": "lz4",
        "linger.ms": 5,
        "log_level": 0,
        "error_cb": _reported_by_delivery,
    }


def _reported_by_delivery(_error: object) -> None:
    """Connection errors in the background; the delivery report says what came of it."""
