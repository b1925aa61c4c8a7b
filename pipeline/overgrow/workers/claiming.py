"""Claim partitions for a host: patient while a system is away, refused by name when the topic is another one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable

from overgrow import errors
from overgrow.apply import Claimed, Sink
from overgrow.apply.engine import Observer
from overgrow.apply.identity import Topic, check_topic
from overgrow.kafka.admin import Topics
from overgrow.model import Part

PAUSE = 0.5  # seconds between attempts, jittered up to twice that
RECLAIM_PAUSE = 3.0  # seconds; longer than a heartbeat, so that a zombie learns of its eviction before it claims again

IDENTITY_SECONDS = 60.0  # how often the topics' identity is checked between claims

Identity = Callable[[set[str]], Awaitable[dict[str, Topic]]]


class Claimer:
    """`alive` is called at every attempt: a watchdog must not mistake patience for a hang."""

    def __init__(self, sink: Sink, identity: Identity, observe: Observer, alive: Callable[[], None]) -> None:
        self._sink = sink
        self._identity = identity
        self._observe = observe
        self._alive = alive
        self._claimed: dict[Part, Claimed] = {}  # the newest claim of each partition ever held: what its topic was then

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """Claim all of `parts`; waits as long as the target or the brokers are away. Raises Refused."""
        wanted = list(parts)
        while True:
            self._alive()
            try:
                topics = await self._identity({part.topic for part in wanted})
                claimed = await self._sink.claim(wanted)
            except (errors.TransientError, errors.UnreachableError) as error:
                self._observe("claim-retry", {"error": str(error)})
                await asyncio.sleep(PAUSE * (1 + random.random()))  # noqa: S311 - jitter
                continue
            for part, one in claimed.items():
                check_topic(part, one, topics.get(part.topic))
            self._claimed.update(claimed)
            self._alive()
            self._observe("claimed", {"parts": {str(part): one.next_offset for part, one in claimed.items()}})
            return claimed

    async def watch(self) -> None:
        """Check every minute that the topics are still those of the checkpoints; raises Refused, else never returns."""
        while True:
            await asyncio.sleep(IDENTITY_SECONDS)
            try:
                topics = await self._identity({part.topic for part in self._claimed})
            except errors.UnreachableError as error:
                self._observe("identity-unknown", {"error": str(error)})
                continue
            for part, one in self._claimed.items():
                check_topic(part, one, topics.get(part.topic))


class TopicIdentity:
    """Asks the cluster which topics it has, off the event loop."""

    def __init__(self, bootstrap: str) -> None:
        self._topics = Topics(bootstrap)

    async def __call__(self, names: set[str]) -> dict[str, Topic]:
        """Topic name to identity; absent topics are absent."""
        found = await asyncio.to_thread(self._topics.describe, names)
        return {name: Topic(info.topic_id, info.partitions) for name, info in found.items()}
