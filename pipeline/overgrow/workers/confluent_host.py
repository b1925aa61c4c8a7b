"""The second host: plain confluent-kafka, no framework. The same engine, claims and scenarios as under Faust.

It is the oracle for the first one, and the smaller of the two: the start offset is given *with* the assignment, and a
consumer that was thrown out of its group rejoins at the next poll.

Three rules keep the chain of chunks whole: a batch during which the assignment changed is thrown away and every
partition sought back; a chunk begins where the one before it ended, whatever its first record's offset; the end of a
partition (which also passes control records) moves the position without records.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, Message, TopicPartition

from overgrow import errors
from overgrow.apply import Claimed, ClaimLost, Engine, Hole
from overgrow.apply.engine import Observer
from overgrow.faultpoints import reached
from overgrow.model import Chunk, Claim, Part
from overgrow.workers.claiming import RECLAIM_PAUSE, Claimer
from overgrow.workers.settings import WorkerSettings

POLL_SECONDS = 0.05  # a poll waits so long for a full batch: the least lag of a quiet topic
SEEKS = 1000  # so many may be refused in a row, over all partitions: a partition comes up in a few polls


class ConfluentHost:
    """One consumer, one engine; `run` returns when `stop` was called, raises on a refusal or a bug."""

    def __init__(
        self,
        *,
        group: str,
        bootstrap: str,
        topics: Iterable[str],
        settings: WorkerSettings,
        engine: Engine,
        claimer: Claimer,
        observe: Observer,
    ) -> None:
        self._topics = list(topics)
        self._settings = settings
        self._engine = engine
        self._claimer = claimer
        self._observe = observe
        self._consumer = Consumer(configuration(group, bootstrap, settings, settings.member(self._topics)))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._positions: dict[Part, int] = {}
        self._durable: dict[Part, int] = {}  # the checkpoints, as far as this worker has moved or read them
        self._claims: dict[Part, Claim] = {}
        self._lost: dict[Part, float] = {}  # claimed by another since then: a zombie learns of it at the next polls
        self._changed = False  # the assignment changed during the poll in hand, or a seek was not taken
        self._seeks_refused = 0
        self._refused: errors.ReplicationError | None = None
        self._stopping = False

    def stop(self) -> None:
        """Finish the chunk in hand, then leave the group."""
        self._stopping = True

    # -- what the watchdog asks (`watchdog.Watched`)

    flow_active = True  # a consumer that was thrown out of its group rejoins at the next poll
    crash_reason: BaseException | None = None  # a bug is raised by `run`

    @property
    def refusal(self) -> errors.ReplicationError | None:
        """Why a claim was refused, until `run` raises it."""
        return self._refused

    @property
    def consumer(self) -> ConfluentHost:
        """Itself."""
        return self

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self._engine

    @property
    def settings(self) -> WorkerSettings:
        """The settings."""
        return self._settings

    @property
    def should_stop(self) -> bool:
        """Whether it was told to."""
        return self._stopping

    @property
    def durable(self) -> dict[Part, int]:
        """Claimed partitions and their checkpoints."""
        return dict(self._durable)

    def highwater(self, tp: Part) -> int:
        """The partition's end as the last fetch has told it."""
        try:
            _, high = self._consumer.get_watermark_offsets(TopicPartition(tp.topic, tp.partition), cached=True)
        except RuntimeError:  # closed under the watchdog's hands
            return -1
        return int(high)

    def event(self, name: str, /, **fields: Any) -> None:  # noqa: ANN401 - fields of a log event
        """Log one."""
        self._observe(name, fields)

    # -- the loop

    async def run(self) -> None:
        """Poll, group by partition, feed."""
        self._loop = asyncio.get_running_loop()
        self._consumer.subscribe(self._topics, on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)
        watch = asyncio.create_task(self._claimer.watch())
        try:
            while not self._stopping:
                if watch.done():
                    watch.result()  # a topic was made anew under us: its refusal
                batch = await asyncio.to_thread(self._consumer.consume, self._settings.max_poll_records, POLL_SECONDS)
                if self._refused is not None:
                    raise self._refused
                self._check(
                    batch
                )  # also of a batch that is thrown away: an offset out of range is said once, and not again
                if self._changed:
                    self._changed = False
                    self._seek(self._positions)
                    continue
                self._seeks_refused = 0
                for chunk in self._chunks(batch):
                    await self._feed(chunk)
                await self._reclaim()
        finally:
            watch.cancel()
            await asyncio.to_thread(self._consumer.close)

    async def _feed(self, chunk: Chunk) -> None:
        part = chunk.part
        if part in self._lost or self._positions.get(part) != chunk.start:
            return  # not ours as far as we know, or sought back by a chunk before it
        claim = self._claims[part]
        self._positions[part] = chunk.next
        await reached("after_fetch")
        try:
            await self._engine.feed(chunk, claim)
            if part in self._durable:
                self._durable[part] = chunk.next
            await reached("before_ack")
            self._consumer.commit(offsets=[TopicPartition(*part, chunk.next)], asynchronous=True)  # for other tools
        except Hole as hole:
            self._observe("hole", {"part": str(part), "start": chunk.start, "checkpoint": hole.at})
            self._seek({part: hole.at})
        except ClaimLost as lost:
            self._observe("claim-lost", {"part": str(part), "message": str(lost)})
            self._lost[part] = asyncio.get_running_loop().time()

    async def _reclaim(self) -> None:
        """Claim back what is still ours after a while of polling: the target was restored and has forgotten us.

        All of it: a partition in which nothing happens would never learn of it.
        """
        now = asyncio.get_running_loop().time()
        due = [part for part, since in self._lost.items() if now - since >= RECLAIM_PAUSE]
        if not due:
            return
        self._lost.clear()
        ours = list(self._positions)
        self._take(await self._claimer.claim(ours))
        self._seek({part: self._positions[part] for part in ours if part in self._positions})

    def _check(self, batch: list[Message]) -> None:
        for message in batch:
            error = message.error()
            if error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                continue
            if error.code() not in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):  # noqa: SLF001
                raise KafkaException(error)
            part = Part(_known(message.topic()), _known(message.partition()))
            raise errors.Refused(
                f"{part}: the log does not hold the checkpoint {self._positions.get(part)} any more ({error.str()}): "
                "records between the checkpoint and the log's start were lost. Nothing was applied. Next: `overgrow "
                "verify` names what is missing; `overgrow adopt` takes a new snapshot behind the gap.",
                code="offset-out-of-range",
            )

    def _chunks(self, batch: list[Message]) -> list[Chunk]:
        by_part: dict[Part, list[Message]] = {}
        ends: dict[Part, int] = {}
        for message in batch:
            part = Part(_known(message.topic()), _known(message.partition()))
            if message.error() is None:
                by_part.setdefault(part, []).append(message)
            else:
                ends[part] = _known(message.offset())
        found = []
        for part in {**by_part, **ends}:
            start = self._positions.get(part)
            records = by_part.get(part, [])
            after = max(_known(records[-1].offset()) + 1 if records else 0, ends.get(part, 0))
            if start is not None and after > start:
                found.append(_chunk(part, start, after, records))
        return found

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        parts = [Part(one.topic, one.partition) for one in partitions]
        self._changed = True
        if not parts or self._loop is None:
            return
        try:
            self._take(asyncio.run_coroutine_threadsafe(self._claimer.claim(parts), self._loop).result())
        except errors.ReplicationError as refused:
            self._refused = refused  # raising here would only be logged by the client
            return
        consumer.assign([TopicPartition(part.topic, part.partition, self._positions[part]) for part in parts])

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        del consumer
        self._changed = True
        for one in partitions:
            self._positions.pop(Part(one.topic, one.partition), None)
            self._claims.pop(Part(one.topic, one.partition), None)
            self._durable.pop(Part(one.topic, one.partition), None)
            self._lost.pop(Part(one.topic, one.partition), None)

    def _take(self, claimed: dict[Part, Claimed]) -> None:
        self._positions.update({part: one.next_offset for part, one in claimed.items()})
        self._claims.update({part: one.claim for part, one in claimed.items()})
        self._durable.update({part: one.next_offset for part, one in claimed.items()})

    def _seek(self, positions: dict[Part, int]) -> None:
        for part, at in positions.items():
            self._positions[part] = at
            try:
                self._consumer.seek(TopicPartition(part.topic, part.partition, at))
            except KafkaException as error:
                self._seeks_refused += 1
                if error.args[0].code() != KafkaError._STATE or self._seeks_refused > SEEKS:  # noqa: SLF001
                    raise
                # Not fetching yet, or about to be revoked. A chunk has no fetch position of its own here: until every
                # seek has been taken, what is polled is thrown away.
                self._changed = True


def configuration(group: str, bootstrap: str, settings: WorkerSettings, member: str | None) -> dict[str, Any]:
    """Every setting that the contract needs; `member`: the static membership id."""
    session = int(settings.session_timeout_seconds * 1000)
    return {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        **({"group.instance.id": member} if member else {}),
        "enable.auto.commit": False,  # the checkpoint is in the target
        "auto.offset.reset": "error",  # an offset out of range is a stop, never silent loss
        "isolation.level": "read_committed",
        "partition.assignment.strategy": "roundrobin",
        "session.timeout.ms": session,
        "max.poll.interval.ms": 86_400_000,  # the most there is: a target that is away longer than a poll is no failure
        "heartbeat.interval.ms": max(300, session // 5),
        "enable.partition.eof": True,
        "max.partition.fetch.bytes": settings.fetch_bytes,
        "queued.min.messages": settings.max_poll_records * 2,
        "queued.max.messages.kbytes": 65536,  # of *decompressed* records, all partitions together
        "fetch.queue.backoff.ms": 10,  # with the default of 1,000 a full queue costs a second per fetch
        "fetch.wait.max.ms": 100,
    }


def _chunk(part: Part, start: int, after: int, records: list[Message]) -> Chunk:
    return Chunk(
        part=part,
        start=start,
        next=after,
        offsets=[_known(record.offset()) for record in records],
        keys=[record.key() for record in records],
        values=[record.value() for record in records],
        headers=[record.headers() or () for record in records],
    )


def _known(value: Any) -> Any:  # noqa: ANN401 - the client's optional that is always there on a consumed message
    if value is None or value == OFFSET_INVALID:
        msg = "a consumed message without topic, partition or offset"
        raise RuntimeError(msg)
    return value
