"""The Faust app: one agent, one chunk at a time, into the engine.

    async for chunk in stream:  engine.feed(chunk)  ->  ack

An agent body that raises would lose its chunk in stock Faust; here the checkpoint is in the target, so whatever
escapes ends the process (`CrashingSupervisor`), and the chunk is fetched again from the checkpoint by the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import faust

from overgrow import errors
from overgrow.apply import Claimed, ClaimLost, Engine, Hole
from overgrow.apply.engine import Observer
from overgrow.faultpoints import reached
from overgrow.model import Part
from overgrow.workers.claiming import RECLAIM_PAUSE, Claimer
from overgrow.workers.faust_consumer import ChunkTransport, Delivery
from overgrow.workers.settings import WorkerSettings
from overgrow.workers.watchdog import REBALANCE_SECONDS


class ApplyApp(faust.App):  # type: ignore[misc]
    """Faust app around one engine."""

    engine: Engine
    settings: WorkerSettings
    refusal: errors.Refused | None = None
    claimer: Claimer
    observe: Observer

    def _new_transport(self) -> ChunkTransport:
        return ChunkTransport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """Nothing: Faust would make folders for tables, and a worker keeps nothing on its disk."""

    def event(self, name: str, **fields: Any) -> None:  # noqa: ANN401
        """Log one event."""
        self.observe(name, fields)

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """Claim partitions; a refusal stops the worker."""
        try:
            return await self.claimer.claim(parts)
        except errors.Refused as refused:
            await self.refuse(refused)
            raise

    async def watch_identity(self) -> None:
        """Refuse by name when a topic is made anew under a running worker."""
        try:
            await self.claimer.watch()
        except errors.Refused as refused:
            await self.refuse(refused)

    async def refuse(self, refused: errors.Refused) -> None:
        """Stop by name; the process exits 4."""
        if self.refusal is None:
            self.refusal = refused
            self.event("refused", code=refused.code, message=str(refused))
            logging.disable(logging.CRITICAL)  # what follows is the host's crash talk about what has just been said
        await self.crash(refused)


def make_app(name: str, broker: str, topics: Iterable[str], settings: WorkerSettings) -> ApplyApp:
    """The app with every setting that the contract needs; `name` is the consumer group."""
    wanted = list(topics)
    app = ApplyApp(
        name,
        broker=f"kafka://{broker.replace(',', ';kafka://')}",
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,  # plain round robin; standbys would co-locate partition i of all topics
        stream_wait_empty=False,  # or a rebalance waits for the slowest batch
        stream_recovery_delay=0.0,
        stream_buffer_maxsize=settings.buffer_chunks,
        agent_supervisor="mode.CrashingSupervisor",
        broker_commit_interval=1.0,
        broker_max_poll_records=settings.max_poll_records,
        broker_max_poll_interval=1e6,  # else a long batch leaves the group for ever; see watchdog.py
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / 5,
        broker_request_timeout=max(20.0, settings.session_timeout_seconds),
        broker_rebalance_timeout=max(REBALANCE_SECONDS, settings.session_timeout_seconds),
        consumer_auto_offset_reset="none",  # an offset out of range is a named stop, never silent loss
        consumer_max_fetch_size=settings.fetch_bytes,
        consumer_group_instance_id=settings.member(wanted),
        consumer_metadata_max_age_ms=10_000,
        worker_redirect_stdouts=False,
    )
    app.settings = settings
    source = app.topic(*wanted, key_serializer="raw", value_serializer="raw")

    @app.agent(source, concurrency=1)  # type: ignore[untyped-decorator]
    async def apply(stream: Any) -> None:  # noqa: ANN401
        async for event in stream.noack().events():
            await _apply(app, event.message.tp, event.value)
            await stream.ack(event)

    return app


async def _apply(app: ApplyApp, tp: Any, delivery: Delivery) -> None:  # noqa: ANN401
    chunk = delivery.chunk
    await reached("after_fetch")
    try:
        app.consumer.durable[tp] = await app.engine.feed(chunk, delivery.claim)
        await reached("before_ack")
    except Hole as hole:
        app.event("hole", part=str(chunk.part), start=chunk.start, checkpoint=hole.at)
        app.consumer.heal(tp, hole.at)
    except ClaimLost as lost:
        app.event("claim-lost", part=str(chunk.part), message=str(lost))
        # Either we are a zombie, and learn of it meanwhile, or the target was restored and has forgotten our tokens,
        # also those of partitions in which nothing happens.
        if held := app.consumer.lose(tp, delivery.claim):
            asyncio.get_running_loop().call_later(RECLAIM_PAUSE, app.consumer.reclaim, held)
    except errors.Refused as refused:
        await app.refuse(refused)
        raise
