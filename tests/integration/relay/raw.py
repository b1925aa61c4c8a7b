"""A topic's records as bytes, from begin to end."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

SILENCE_SECONDS = 30.0


class Raw(NamedTuple):
    """One record."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]

    def header(self, name: str) -> str:
        (value,) = [value for one, value in self.headers if one == name]
        assert value is not None
        return value.decode()

    @property
    def coordinates(self) -> tuple[str, int, int, int]:
        topic, partition, offset = (self.header(f"__connect.errors.{one}") for one in ("topic", "partition", "offset"))
        return topic, int(partition), int(self.header("overgrow.epoch")), int(offset)


def read(bootstrap: str, topic: str) -> list[Raw]:
    """Every record there is now."""
    consumer: Any = Consumer({"bootstrap.servers": bootstrap, "group.id": "tests.raw", "enable.auto.commit": False})
    try:
        numbers = consumer.list_topics(topic, timeout=SILENCE_SECONDS).topics[topic].partitions
        places = [TopicPartition(topic, number, 0) for number in numbers]
        wanted = sum(consumer.get_watermark_offsets(place, timeout=SILENCE_SECONDS)[1] for place in places)
        consumer.assign(places)
        found: list[Raw] = []
        heard = time.monotonic()
        while len(found) < wanted:
            for message in consumer.consume(500, timeout=0.2):
                assert message.error() is None, message.error()
                heard = time.monotonic()
                found.append(
                    Raw(message.partition(), message.offset(), message.key(), message.value(), message.headers() or [])
                )
            assert time.monotonic() - heard < SILENCE_SECONDS, f"{len(found)} of {wanted} records of {topic} arrive"
        return found
    finally:
        consumer.close()


def send(bootstrap: str, topic: str, *, key: bytes, value: bytes, headers: list[tuple[str, bytes | None]]) -> None:
    """One record to partition 0, acknowledged."""
    producer: Any = Producer({"bootstrap.servers": bootstrap})
    failed: list[Any] = []
    producer.produce(
        topic, key=key, value=value, headers=headers, partition=0, on_delivery=lambda error, _: failed.append(error)
    )
    producer.flush(SILENCE_SECONDS)
    assert failed == [None]
