"""The second host when its claims are lost: nothing is fed, nothing is claimed back before it has polled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from overgrow.apply import ClaimLost
from overgrow.apply.ports import Claimed
from overgrow.model import Chunk, Claim, Part
from overgrow.workers import confluent_host
from overgrow.workers.confluent_host import ConfluentHost
from overgrow.workers.settings import WorkerSettings

PARTS = [Part("t", 0), Part("t", 1)]


class _Message:
    def __init__(self, part: Part, offset: int) -> None:
        self.part, self.at = part, offset

    def topic(self) -> str:
        return self.part.topic

    def partition(self) -> int:
        return self.part.partition

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes:
        return b""

    value = key

    def headers(self) -> None:
        return None

    error = headers


class _Broker:
    """A consumer whose polls are a script; the last one stops the host. Also claimer and engine, which has lost all."""

    def __init__(self) -> None:
        self.polls: list[Callable[[], list[Any]]] = []
        self.claims: list[list[Part]] = []
        self.fed: list[Part] = []
        self.fed_from: list[int] = []
        self.sought: list[tuple[int, int]] = []
        self.not_fetching = 0  # so many seeks are refused: librdkafka does that while a partition comes up
        self.host: ConfluentHost

    def subscribe(self, _topics: list[str], *, on_assign: Any, on_revoke: Any, on_lost: Any) -> None:
        self.on_assign, self.on_revoke, self.on_lost = on_assign, on_revoke, on_lost

    def consume(self, _count: int, _seconds: float) -> list[Any]:
        if self.polls:
            return self.polls.pop(0)()
        self.host.stop()
        return []

    async def watch(self) -> None:
        await asyncio.Event().wait()

    def assign(self, _partitions: Any) -> None:
        pass

    def seek(self, place: TopicPartition) -> None:
        if self.not_fetching:
            self.not_fetching -= 1
            raise KafkaException(KafkaError(KafkaError._STATE))
        self.sought.append((place.partition, place.offset))

    def close(self) -> None:
        pass

    async def claim(self, parts: list[Part]) -> dict[Part, Claimed]:
        self.claims.append(list(parts))
        claim = Claim(len(self.claims), "us")
        return {part: Claimed(claim=claim, next_offset=5, topic_id="", partition_count=2) for part in parts}

    async def feed(self, chunk: Chunk, _claim: Claim) -> int:
        self.fed.append(chunk.part)
        self.fed_from.append(chunk.offsets[0])
        raise ClaimLost(str(chunk.part))

    def assigned(self) -> list[Any]:
        self.on_assign(self, [TopicPartition(*part) for part in PARTS])
        return []

    def revoked(self) -> list[Any]:
        self.on_revoke(self, [TopicPartition(*part) for part in PARTS])
        return []

    def batch(self, offset: int) -> Callable[[], list[Any]]:
        return lambda: [_Message(part, offset) for part in PARTS]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> _Broker:
    made: Any = _Broker()
    monkeypatch.setattr(confluent_host, "Consumer", lambda _configuration: made)
    made.host = ConfluentHost(
        group="g",
        bootstrap="b",
        topics=["t"],
        settings=WorkerSettings(),
        engine=made,
        claimer=made,
        observe=lambda _name, _fields: None,
    )
    return made  # type: ignore[no-any-return]


def test_a_zombie_that_is_evicted_claims_nothing_back(broker: _Broker) -> None:
    broker.polls = [broker.assigned, broker.batch(5), broker.batch(6), broker.revoked]
    asyncio.run(broker.host.run())
    assert broker.claims == [PARTS]
    assert broker.fed == PARTS, "a lost partition is not fed again"


def test_who_is_still_a_member_claims_back_in_one_go_and_begins_at_the_checkpoint(
    broker: _Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confluent_host, "RECLAIM_PAUSE", 0.0)
    broker.polls = [broker.assigned, broker.batch(5), broker.batch(6)]
    asyncio.run(broker.host.run())
    assert broker.claims[:2] == [PARTS, PARTS]
    assert broker.sought[-2:] == [(0, 5), (1, 5)]


def test_nothing_is_fed_before_every_seek_was_taken(broker: _Broker) -> None:
    broker.not_fetching = 2
    broker.polls = [broker.assigned, broker.batch(7), broker.batch(9)]
    asyncio.run(broker.host.run())
    # The first round of seeks is refused, the second taken. A batch that was polled in between and fed would have left
    # 5 to 9 out, as if there had never been such records.
    assert broker.sought == [(0, 5), (1, 5)]
    assert broker.fed_from == [9, 9]
