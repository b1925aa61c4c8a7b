"""Faust's consumer, changed to deliver one message per fetched chunk and to resume from the target's checkpoint.

Three nested guards keep the chain of chunks whole; only the innermost one (the locked checkpoint, in the sink) is
needed for correctness, the outer two avoid restarts:

    thread   `_chain`: the fetch position of each partition as we know it; cleared at every rebalance. A chunk whose
             start is unknown is dropped.
    loop     `_expected`: where the next chunk must start; another start is dropped and sought again.
    sink     the checkpoint row, under its lock.

Faust's own acknowledgements, gap tracking, read offsets and buffer pressure are switched off: each of them loses,
re-delivers or starves chunks around a rebalance. Kafka's committed offsets are written for other tools to display.

Every private name used here is held by tests/unit/test_host_contract.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.transport.drivers.aiokafka import ensure_aiokafka_TP
from faust.types import TP, ConsumerMessage

from overgrow import errors
from overgrow.apply.ports import Claimed
from overgrow.model import Chunk, Claim, Part

COMMIT_SECONDS, FAREWELL_SECONDS = 2.0, 3.0
UNSOUGHT_PAUSE = 0.5  # between fetches that fail because nothing has been sought yet


class Claims(Protocol):
    """What the consumer asks of the worker."""

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """Claim the partitions, for ever if the target is away; a refusal stops the worker."""

    async def refuse(self, refused: errors.Refused) -> None:
        """Stop by name."""

    def event(self, name: str, **fields: Any) -> None:  # noqa: ANN401
        """Log."""


@dataclass(slots=True)
class Fetched:
    """A chunk's records as aiokafka gave them, between two fetch positions. `start` None: position not known."""

    start: int | None
    next: int
    records: list[Any]
    generation: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the agent receives as one message's value."""

    chunk: Chunk
    claim: Claim


class ChunkThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The thread that talks to the broker; positions are taken where the records are drained."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._chain: dict[Any, int] = {}

    def _create_worker_consumer(self, transport: Any) -> Any:  # noqa: ANN401
        consumer = super()._create_worker_consumer(transport)
        # Before start(): a source connector with exactly-once leaves aborted records in the log.
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    async def on_thread_stop(self) -> None:
        """Leave the group, but not at any price: aiokafka waits for a coordinator, which may be long away."""
        try:
            await asyncio.wait_for(super().on_thread_stop(), FAREWELL_SECONDS)
        except (KafkaError, TimeoutError) as error:
            self.app.event("left-without-farewell", error=type(error).__name__)

    async def _seek_wait(self, consumer: Any, partitions: Mapping[Any, int]) -> None:  # noqa: ANN401
        for tp, offset in partitions.items():
            self._chain[tp.topic, tp.partition] = offset
        try:
            await super()._seek_wait(consumer, partitions)
        except BaseException:
            for tp in partitions:  # who knows which of them were sought: without a start, their chunks are dropped
                self._chain.pop((tp.topic, tp.partition), None)
            raise

    async def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ANN401
        """Forget the chain."""
        # A fetch issued before the rebalance can drain the new assignment from Kafka's committed offset, before our
        # seek: with the chain gone, its chunks have no start and are dropped.
        self._chain.clear()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:  # noqa: ANN401
        """Forget the chain."""
        self._chain.clear()
        await super().on_partitions_assigned(assigned, generation_id)

    async def _commit(self, offsets: Mapping[Any, int]) -> bool:
        """Tell Kafka, for other tools to display. Faust's own ends the worker when partitions have moved meanwhile."""
        if not self.consumer.flow_active:
            # A rebalance: behind the JoinGroup on the same connection the commit would be answered IllegalGeneration,
            # for which aiokafka joins once more. With a heartbeat longer than the commit's interval that never ends.
            return False
        assigned = self.assignment()
        told = {ensure_aiokafka_TP(tp): OffsetAndMetadata(at, "") for tp, at in offsets.items() if tp in assigned}
        if not told:
            return False
        self.tp_last_committed_at.update(dict.fromkeys(told, time.monotonic()))  # else Faust logs that none comes
        try:
            # aiokafka tries for ever while the coordinator is away; a worker that is told to stop would wait for it.
            await asyncio.wait_for(self._ensure_consumer().commit(told), COMMIT_SECONDS)
        except (KafkaError, TimeoutError) as error:
            self.app.event("offsets-not-told", error=type(error).__name__)
            return False
        return True

    def seek(self, partition: Any, offset: int) -> None:  # noqa: ANN401
        """Refuse Faust's other way to seek: it would bypass the chain."""
        msg = f"seek of {partition} to {offset} outside seek_wait"
        raise RuntimeError(msg)

    async def _fetch_records(
        self,
        consumer: Any,  # noqa: ANN401
        active_partitions: Any,  # noqa: ANN401
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> dict[Any, Fetched]:
        drained = await super()._fetch_records(consumer, active_partitions, timeout=timeout, max_records=max_records)
        # No await from here on: aiokafka drained in this very step, so the positions belong to these records.
        subscription = consumer._subscription.subscription  # noqa: SLF001
        if subscription is None or subscription.assignment is None:
            return {}
        assignment = subscription.assignment
        generation = self.app.consumer_generation_id
        fetched = {}
        for tp in assignment.tps:
            state = assignment.state_value(tp)
            records = drained.get(tp)
            if state is None or not state.has_valid_position:
                continue
            place = (tp.topic, tp.partition)
            start, position = self._chain.get(place), state.position
            if not records and (start is None or start == position):
                continue  # a position that moved without records (control batches) is a chunk too
            self._chain[place] = position
            fetched[tp] = Fetched(start, position, records or [], generation)
        return fetched


def _tp(key: Any) -> Any:  # noqa: ANN401
    return TP(key.topic, key.partition)


class _NoReadOffsets(MutableMapping[Any, Any]):
    """Faust drops messages below its `_read_offset`; a seek back would be starved. `_expected` does this job."""

    def __getitem__(self, key: Any) -> None:  # noqa: ANN401
        return None

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401
        pass

    def __delitem__(self, key: Any) -> None:  # noqa: ANN401
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


class ChunkConsumer(driver.Consumer):  # type: ignore[misc]
    """Faust's consumer service: claims, seeks, and yields one message per chunk.

    Only partitions in `_expected` are delivered: those that are assigned, claimed and sought. Claiming waits as long as
    the target is away, so it is a task of its own: Faust's recovery gives its seek 20 seconds and then dies in silence.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self._read_offset = _NoReadOffsets()
        self._expected: dict[Any, int] = {}
        self._claims: dict[Any, Claim] = {}
        self._heals: dict[Any, int | None] = {}
        self._claiming: asyncio.Task[None] | None = None
        self.durable: dict[Any, int] = {}  # committed in the target; the agent keeps it

    @property
    def worker(self) -> Claims:
        """The app, as far as this class needs it."""
        return cast("Claims", self.app)

    def _new_consumer_thread(self) -> ChunkThread:
        return ChunkThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[Any, int]:
        """Begin to claim what is assigned; the claim seeks to the checkpoints. Kafka's committed offsets are not asked.

        Faust calls this at every rebalance, at times twice at once: only the newest call counts.
        """
        if self._claiming is not None:
            self._claiming.cancel()
        self._expected, self._claims, self._heals, self.durable = {}, {}, {}, {}
        assigned = {TP(*tp) for tp in self.assignment()}
        if assigned:
            self._claiming = asyncio.create_task(self._claim_and_seek(assigned))
        return {}

    async def _claim_and_seek(self, assigned: set[Any]) -> None:
        try:
            positions = await self._claim(assigned)
        except errors.Refused:
            return  # said and done: the worker stops by name
        except Exception as error:  # noqa: BLE001 - a task's error reaches nobody by itself
            await self.app.crash(error)
            return
        self._expected, self.durable = dict(positions), dict(positions)
        await self._seek_to(positions)

    async def _seek_to(self, positions: Mapping[Any, int]) -> None:
        """Seek; a rebalance that overtakes it is no failure: what is still ours is sought again by `_expected`."""
        try:
            await self._thread.seek_wait(positions)
        except (KafkaError, TimeoutError) as error:
            self.worker.event("seek-overtaken", parts=[str(tp) for tp in positions], error=repr(error))

    async def _claim(self, partitions: Iterable[Any]) -> dict[Any, int]:
        parts = {Part(tp.topic, tp.partition): tp for tp in partitions}
        claimed = await self.worker.claim(parts)
        for part, one in claimed.items():
            tp = parts[part]
            # A rebalance and a lost claim may claim at the same time: which claim is in force, the target has decided,
            # not the order in which its answers arrive.
            self._claims[tp] = max(one.claim, self._claims.get(tp, one.claim))
        return {parts[part]: one.next_offset for part, one in claimed.items()}

    def highwater(self, tp: Any) -> int:  # noqa: ANN401
        """The end of the partition as last fetched; 0 between two assignments, where aiokafka asserts instead."""
        try:
            return super().highwater(tp) or 0
        except AssertionError:
            return 0

    def heal(self, tp: Any, at: int | None) -> None:  # noqa: ANN401
        """Ask the fetch loop to seek `tp` back to `at`; None: claim it anew and seek to its checkpoint."""
        self._heals[tp] = at

    def lose(self, tp: Any, claim: Claim) -> dict[Any, Claim]:  # noqa: ANN401
        """Deliver nothing more of `tp` under this claim. Every claim that is held now; none if this one is no more."""
        if self._claims.get(tp) != claim:
            return {}
        self._expected.pop(tp, None)
        return dict(self._claims)

    def reclaim(self, held: Mapping[Any, Claim]) -> None:
        """Claim anew what is still assigned, unless a newer claim than the one held then was made on it."""
        for tp in self.assignment():
            if tp in held and self._claims.get(tp) == held[tp]:
                self.heal(tp, None)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:  # noqa: ASYNC109
        """Yield (partition, message) with one chunk per message."""
        try:
            fetched, _ = await self._wait_next_records(timeout)
        except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
            await self._out_of_range(error)
            return
        if fetched is None or self.should_stop:
            return
        generation = self.app.consumer_generation_id
        if not self.flow_active:
            # Drained in the middle of a rebalance, perhaps after our seek: what was dropped here is fetched again.
            self._heals.update({tp: self._expected[tp] for tp in map(_tp, fetched) if tp in self._expected})
            return
        await self._heal()
        for key, piece in cast("dict[Any, Fetched]", fetched).items():
            tp = _tp(key)
            if not self.flow_active or not (generation == piece.generation == self.app.consumer_generation_id):
                self.worker.event("dropped-generation", part=str(tp), start=piece.start, next=piece.next)
                return
            expected = self._expected.get(tp)
            if expected is None:
                continue  # not claimed yet, or lost; the claim seeks
            if piece.start != expected or (piece.records and piece.records[0].offset < expected):
                self.worker.event("sought-again", part=str(tp), expected=expected, start=piece.start, next=piece.next)
                await self._seek_to({tp: expected})
                continue
            self._expected[tp] = piece.next
            self.app.monitor.track_tp_end_offset(tp, self.highwater(key))
            yield tp, self._message(tp, piece)

    async def _out_of_range(self, error: KafkaError) -> None:
        """A checkpoint that the log does not hold is a named stop; an offset of Kafka's own is only overtaken."""
        offsets = error.args[0] if isinstance(error, OffsetOutOfRangeError) else {}
        lost = {str(_tp(tp)): at for tp, at in offsets.items() if self._expected.get(_tp(tp)) == at}
        if not lost:
            await asyncio.sleep(UNSOUGHT_PAUSE)  # our seek is on its way, as soon as the claim is made
            if self._claiming is not None and self._claiming.done() and self._expected:
                # It was made, and a rebalance overtook its seek: nobody else would seek, and the fetch fails for ever.
                await self._seek_to({tp: at for tp, at in self._expected.items() if tp in self.assignment()})
            return
        refused = errors.Refused(
            f"the log does not hold the checkpoint any more: {lost}. Records between the checkpoint and the log's "
            "start were lost (retention, or a topic made anew). Nothing was applied past the checkpoint. Next: "
            "`overgrow verify` names what is missing; `overgrow adopt` takes a new snapshot behind the gap.",
            code="offset-out-of-range",
        )
        await self.worker.refuse(refused)
        raise refused

    async def _heal(self) -> None:
        while self._heals:
            tp, at = self._heals.popitem()
            if tp not in self.assignment():
                continue  # revoked meanwhile
            if at is None:
                self._claims.pop(tp, None)  # a restored target counts its claims from an older number on
                at = (await self._claim([tp]))[tp]
                self.durable[tp] = at
            elif tp not in self._expected:
                continue  # being claimed: that will seek
            self._expected[tp] = at
            await self._seek_to({tp: at})

    def _message(self, tp: Any, piece: Fetched) -> Any:  # noqa: ANN401
        records = piece.records
        chunk = Chunk(
            part=Part(tp.topic, tp.partition),
            start=cast("int", piece.start),
            next=piece.next,
            offsets=[record.offset for record in records],
            keys=[record.key for record in records],
            values=[record.value for record in records],
            headers=[record.headers for record in records],
        )
        delivery = Delivery(chunk, self._claims[tp])
        # Without its generation id the stream drops a message in silence.
        return ConsumerMessage(
            tp.topic, tp.partition, piece.next - 1, 0.0, 0, None, None, delivery, None, 0, len(records), tp,
            generation_id=piece.generation,
        )  # fmt: skip

    # -- offsets: the target's checkpoint is the truth, what Kafka is told is for display

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> list[Any]:  # noqa: ANN401, ARG002
        return list(self.durable)

    def _filter_committable_offsets(self, tps: Iterable[Any]) -> dict[Any, int]:  # noqa: ARG002
        return {tp: offset for tp, offset in self.durable.items() if offset > (self._committed_offset[tp] or 0)}

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:  # noqa: ANN401
        """Nothing: gaps are part of the chain."""

    def ack(self, message: Any) -> bool:  # noqa: ANN401
        """Mark the message as done; says nothing about offsets."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    # -- pressure: the bounded queue's put() already blocks the fetch loop; Faust's second mechanism takes a full
    #    partition out of the active set and then sleeps a second per fetch

    def on_buffer_full(self, tp: Any) -> None:  # noqa: ANN401
        """Nothing."""

    def on_buffer_drop(self, tp: Any) -> None:  # noqa: ANN401
        """Nothing."""


class ChunkTransport(driver.Transport):  # type: ignore[misc]
    """Faust's transport with the consumer above."""

    Consumer = ChunkConsumer
