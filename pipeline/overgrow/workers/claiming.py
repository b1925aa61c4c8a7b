"""Claim partitions for a host: patient while a system is away, refused by name when the topic is another one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable

from overgrow import errors
from overgrow.apply import Claimed, Sink
from overgrow.apply.engine import Observer
from overgrow.apply.identity import Topic, check_topic
from overgrow.faultpoints import reached
from overgrow.kafka.admin import Topics
from overgrow.model import Part

PAUSE = 0.5  # seconds between attempts, jittered up to twice that
RECLAIM_PAUSE = 3.0  # seconds; longer than a heartbeat, so that a zombie learns of its eviction before it claims again

IDENTITY_SECONDS = 60.0  # how often the topics' identity is checked between claims

Identity = Callable[[set[str]], Awaitable[dict[str, Topic]]]


class Claimer:
    """`source` raises IdentityChanged when the source is not the pipeline's, UnreachableError when it cannot tell."""

    def __init__(
        self, sink: Sink, identity: Identity, observe: Observer, source: Callable[[], Awaitable[None]]
    ) -> None:
        self._sink = sink
        self._identity = identity
        self._observe = observe
        self._source = source
        self._claimed: dict[Part, Claimed] = {}  # the newest claim of each partition ever held: what its topic was then

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """Claim all of `parts`; waits as long as the target or the brokers are away. Raises Refused."""
        wanted = list(parts)
        await reached("before_claim")
        while True:
            try:
                topics = await self._identity({part.topic for part in wanted})
                claimed = await self._sink.claim(wanted)
            except (errors.TransientError, errors.UnreachableError) as error:
                self._observe("claim-retry", {"error": str(error)})
                await asyncio.sleep(PAUSE * (1 + random.random()))  # noqa: S311 - jitter
                continue
            self._claimed.update(claimed)
            self._check(topics, claimed)
            await self._check_source()
            await reached("after_claim")
            self._observe("claimed", {"parts": {str(part): one.next_offset for part, one in claimed.items()}})
            return claimed

    async def watch(self) -> None:
        """Check every minute that topics and source are still the checkpoints'; raises Refused, else never returns."""
        while True:
            await asyncio.sleep(IDENTITY_SECONDS)
            try:
                self._check(await self._identity({part.topic for part in self._claimed}), self._claimed)
            except errors.UnreachableError as error:
                self._observe("identity-unknown", {"error": str(error)})
            await self._check_source()

    def _check(self, topics: dict[str, Topic], claimed: dict[Part, Claimed]) -> None:
        for part, one in claimed.items():
            check_topic(part, one, topics.get(part.topic))

    async def _check_source(self) -> None:
        try:
            await self._source()
        except errors.UnreachableError as error:
            self._observe("identity-unknown", {"error": str(error)})  # a source that is away has changed nothing


class TopicIdentity:
    """Asks the cluster which topics it has, off the event loop."""

    def __init__(self, bootstrap: str) -> None:
        self._topics = Topics(bootstrap)

    async def __call__(self, names: set[str]) -> dict[str, Topic]:
        """Topic name to identity; absent topics are absent."""
        found = await asyncio.to_thread(self._topics.describe, names)
        return {name: Topic(info.topic_id, info.partitions) for name, info in found.items()}
