"""Partitions read by a plain consumer between two offsets. Joins no group, commits nothing.

Guarantees: every record below the end, in each partition's order, or an error that names the partition. Called by
`source_reading`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from overgrow import errors
from overgrow.model import Part
from overgrow.reconcile.ports import Say

ANSWER_SECONDS = 15.0
SILENCE_SECONDS = 30.0
POLL_SECONDS = 0.1
SAY_SECONDS = 2.0
BATCH = 2000


class Record(NamedTuple):
    """As it lies in the topic."""

    part: Part
    offset: int
    value: bytes | None


class Log:
    """One consumer, used for one reading after the other."""

    def __init__(self, bootstrap: str, say: Say) -> None:
        self._bootstrap, self._say = bootstrap, say
        self._consumer: Any = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "overgrow.books",  # never joined: partitions are assigned by hand
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "log_level": 0,
            }
        )
        self._records = 0
        self._said = time.monotonic()

    def close(self) -> None:
        """Give back the connections."""
        self._consumer.close()

    def low(self, part: Part) -> int:
        """The first offset that is still kept."""
        try:
            return int(self._consumer.get_watermark_offsets(_place(part), timeout=ANSWER_SECONDS)[0])
        except KafkaException as error:
            raise errors.UnreachableError(f"{self._bootstrap} does not say where {part} begins: {error}") from error

    def read(
        self, start: Mapping[Part, int], end: Mapping[Part, int], take: Callable[[Record], bool]
    ) -> dict[Part, int]:
        """Every record from `start` to before `end`, or to where `take` says that it is enough; the next offsets."""
        at = dict(start)
        left = {part for part in at if at[part] < end[part]}
        if left:
            self._consumer.assign([_place(part, at[part]) for part in sorted(left)])
        heard = time.monotonic()
        while left:
            messages = self._consumer.consume(BATCH, timeout=POLL_SECONDS)
            for message in messages:
                record = _record(message)
                if record.part in left and record.offset < end[record.part]:
                    at[record.part] = record.offset + 1
                    if take(record):
                        self._leave(record.part, left)
            if messages:
                heard = time.monotonic()
                self._tell(len(messages))
            self._pass_holes(left, at, end)
            if left and time.monotonic() - heard > SILENCE_SECONDS:
                raise errors.UnreachableError(f"no record of {min(left)} arrives, {at[min(left)]} would be next")
        return at

    def _pass_holes(self, left: set[Part], at: dict[Part, int], end: Mapping[Part, int]) -> None:
        """The position moves past what is no record, such as the end of a producer's transaction."""
        for part in [part for part in left if at[part] < end[part]]:
            position = self._consumer.position([_place(part)])[0].offset
            if position >= end[part]:
                at[part] = end[part]
        for part in [part for part in left if at[part] >= end[part]]:
            self._leave(part, left)

    def _leave(self, part: Part, left: set[Part]) -> None:
        left.remove(part)
        self._consumer.incremental_unassign([_place(part)])

    def _tell(self, count: int) -> None:
        self._records += count
        if time.monotonic() - self._said >= SAY_SECONDS:
            self._said = time.monotonic()
            self._say(f"{self._records:,} records read")


def _place(part: Part, offset: int | None = None) -> TopicPartition:
    return TopicPartition(part.topic, part.partition) if offset is None else TopicPartition(*part, offset)


def _record(message: Any) -> Record:  # noqa: ANN401 - an untyped client
    if message.error():
        raise errors.UnreachableError(f"{message.topic()}[{message.partition()}]: {message.error()}")
    return Record(Part(message.topic(), message.partition()), message.offset(), message.value())
