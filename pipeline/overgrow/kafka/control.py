"""The control topic: epochs, generations and mapping versions, kept beside the target that knows them too.

A target restored from an older copy has forgotten the newest; this topic has not. Compacted, one partition, one record
for each generation of a table's topic. Only what the target has committed is written here. Blocking; called by `apply`,
`resnapshot`, `adopt`, and by a worker when it claims.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from overgrow import errors
from overgrow.kafka.own_topics import control
from overgrow.model import GenerationRecord

SILENCE_SECONDS = 15.0
BATCH, POLL_SECONDS = 500, 0.2


def publish(bootstrap: str, pipeline: str, records: Iterable[GenerationRecord]) -> None:
    """Write; returns when the brokers have acknowledged all."""
    failed: list[Any] = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "log_level": 0})
    for one in records:
        producer.produce(
            control(pipeline),
            key=one.key,
            value=msgspec.json.encode(one),
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
    left = producer.flush(SILENCE_SECONDS)
    if left or failed:
        why = failed[0] if failed else f"{left} records are not acknowledged"
        raise errors.UnreachableError(f"cannot write {control(pipeline)} at {bootstrap}: {why}")


def read(bootstrap: str, pipeline: str) -> list[GenerationRecord]:
    """Every generation there is a record of, oldest first; none if the topic does not exist yet."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "overgrow.control",  # never joined: the partition is assigned by hand, nothing is committed
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    try:
        found = _records(consumer, control(pipeline))
    except KafkaException as error:
        raise errors.UnreachableError(
            f"cannot read {control(pipeline)} at {bootstrap}: {error.args[0].str()}"
        ) from error
    finally:
        consumer.close()
    newest = {one.key: one for one in found}
    return sorted(newest.values(), key=lambda one: (one.topic, *one.order))


def _records(consumer: Any, topic: str) -> list[GenerationRecord]:  # noqa: ANN401 - an untyped client
    known = consumer.list_topics(topic, timeout=SILENCE_SECONDS).topics[topic]
    if known.error is not None or not known.partitions:
        return []
    place = TopicPartition(topic, 0)
    low, high = consumer.get_watermark_offsets(place, timeout=SILENCE_SECONDS, cached=False)
    consumer.assign([TopicPartition(topic, 0, low)])
    found = []
    until = time.monotonic() + SILENCE_SECONDS
    while low < high:
        if time.monotonic() > until:
            raise errors.UnreachableError(f"{topic}: no record arrives between offsets {low} and {high}")
        messages = consumer.consume(BATCH, timeout=POLL_SECONDS)
        for message in messages:
            if message.error():
                raise KafkaException(message.error())
            found += _decoded(topic, message)
        at = consumer.position([place])[0].offset
        low = max(low, at)
    return found


def _decoded(topic: str, message: Any) -> list[GenerationRecord]:  # noqa: ANN401 - an untyped client
    if message.value() is None:
        return []
    try:
        return [msgspec.json.decode(message.value(), type=GenerationRecord)]
    except msgspec.MsgspecError as error:
        raise errors.Refused(
            f"{topic} offset {message.offset()}: not a record of this version ({error}). Next: run the newer overgrow, "
            "or find out who writes there.",
            code="control-record",
        ) from error
