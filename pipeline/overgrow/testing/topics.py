"""Topics read whole by a plain consumer, with nothing but a JSON decoder: what there is to apply, found independently.

Guarantees: every record from each partition's begin to the end it has when asked, or an error; joins no group, commits
nothing. Needs memory for every row, so it is for tests and the demo only.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from overgrow import errors
from overgrow.model import Part

SILENCE_SECONDS = 30.0
POLL_SECONDS = 0.2
BATCH = 2000


class Record(NamedTuple):
    """One record as it lies in the topic. `op` None is a Kafka tombstone, `lsn` None a read; a truncate has no key."""

    part: Part
    offset: int
    key: Mapping[str, Any]
    op: str | None
    after: dict[str, Any] | None
    lsn: int | None
    ts_us: int  # of the source's commit; of a read, when it was read

    @property
    def streamed(self) -> bool:
        """Whether it tells of a change, not of a snapshot's read."""
        return self.op is not None and self.op != "r"


class _Source(msgspec.Struct):
    lsn: int | None = None
    ts_us: int | None = None


class _Payload(msgspec.Struct):
    op: str
    source: _Source
    after: dict[str, Any] | None = None


class _Value(msgspec.Struct):
    payload: _Payload


class _Key(msgspec.Struct):
    payload: dict[str, Any]


_value = msgspec.json.Decoder(_Value).decode
_key = msgspec.json.Decoder(_Key).decode


def read_topics(bootstrap: str, topics: Iterable[str]) -> list[Record]:
    """Every record from each partition's begin to the end it has now, by partition and offset."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "overgrow.testing.fold",  # never joined, nothing is committed: partitions are assigned by hand
            "enable.auto.commit": False,
            "enable.partition.eof": False,
            "log_level": 0,
        }
    )
    try:
        ends = {part: end for topic in topics for part, end in _ends(consumer, topic).items() if end}
        consumer.assign([TopicPartition(part.topic, part.partition, 0) for part in ends])
        found = _consume(consumer, ends)
    finally:
        consumer.close()
    return sorted(found, key=attrgetter("part", "offset"))


def _ends(consumer: Any, topic: str) -> dict[Part, int]:  # noqa: ANN401 - an untyped client
    known = consumer.list_topics(topic, timeout=SILENCE_SECONDS).topics[topic]
    if known.error is not None:
        raise errors.UnreachableError(f"topic {topic}: {known.error}; next: `overgrow apply`")
    ends = {}
    for partition in known.partitions:
        where = TopicPartition(topic, partition)
        low, high = consumer.get_watermark_offsets(where, timeout=SILENCE_SECONDS, cached=False)
        if low:
            raise errors.Refused(f"{topic}[{partition}] begins at {low}: what lay before cannot be folded any more")
        ends[Part(topic, partition)] = high
    return ends


def _consume(consumer: Any, ends: Mapping[Part, int]) -> list[Record]:  # noqa: ANN401 - an untyped client
    records: list[Record] = []
    heard = time.monotonic()
    while left := [part for part, end in ends.items() if _position(consumer, part) < end]:
        messages = consumer.consume(BATCH, timeout=POLL_SECONDS)  # waits that long for a full batch
        if messages:
            heard = time.monotonic()
        elif time.monotonic() - heard > SILENCE_SECONDS:
            raise errors.UnreachableError(f"no record of {left[0]} (and {len(left) - 1} others) arrives")
        for message in messages:
            if message.error():
                raise KafkaException(message.error())
            record = read(message)
            if record.offset < ends[record.part]:
                records.append(record)
    return records


def _position(consumer: Any, part: Part) -> int:  # noqa: ANN401 - an untyped client
    position: int = consumer.position([TopicPartition(part.topic, part.partition)])[0].offset
    return max(position, 0)  # negative: nothing was consumed yet


def read(message: Message) -> Record:
    """Decode one record with nothing but a JSON decoder."""
    part, offset, raw = Part(message.topic(), message.partition()), message.offset(), message.value()
    key = {} if message.key() is None else _key(message.key()).payload
    if raw is None:
        return Record(part, offset, key, None, None, None, 0)
    payload = _value(raw).payload
    lsn = None if payload.op == "r" else payload.source.lsn
    return Record(part, offset, key, payload.op, payload.after, lsn, payload.source.ts_us or 0)
