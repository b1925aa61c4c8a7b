"""Topics: what they are, making them, deleting them, where they end.

Guarantees: a call returns when the brokers show what it did. Never changes a topic that exists and never makes one
that was not asked for. Blocking; called by `plan`, `apply`, the reconciler and the demo.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from confluent_kafka import KafkaError, TopicCollection, TopicPartition
from confluent_kafka.admin import NewTopic, OffsetSpec

from overgrow import errors
from overgrow.kafka.answer import Admin
from overgrow.model import Part

POLL_SECONDS = 0.05
LEADERLESS = (KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicInfo:
    """A topic's identity: a recreated topic has another id under the same name."""

    topic_id: str
    partitions: int


class Topics:
    """The topics of one cluster; every call is bounded by `timeout` seconds."""

    def __init__(self, bootstrap: str, *, timeout: float = 15.0) -> None:
        self._bootstrap = bootstrap
        self._timeout = timeout
        kafka = Admin(bootstrap, timeout=timeout)
        self._admin, self._answer = kafka.client, kafka.answer

    def describe(self, names: Iterable[str]) -> dict[str, TopicInfo]:
        """The topics among `names` that exist."""
        wanted = list(names)
        if not wanted:
            return {}
        asked = self._admin.describe_topics(TopicCollection(wanted), request_timeout=self._timeout)
        found = {}
        for name, future in asked.items():
            seen = self._answer(future, f"describe topic {name}", KafkaError.UNKNOWN_TOPIC_OR_PART)
            if seen is not None:
                found[name] = TopicInfo(topic_id=str(seen.topic_id), partitions=len(seen.partitions))
        return found

    def create(self, partitions: Mapping[str, int], config: Mapping[str, str] | None = None) -> None:
        """Make these topics (name to partition count); one that exists is an error, its partitions are its own."""
        if not partitions:
            return
        new = [NewTopic(name, num_partitions=count, config=dict(config or {})) for name, count in partitions.items()]
        asked = self._admin.create_topics(new, operation_timeout=self._timeout, request_timeout=self._timeout)
        for name, future in asked.items():
            self._answer(future, f"create topic {name}")
        self._until(lambda: self.describe(partitions).keys() == set(partitions), "shows the new topics")

    def delete(self, names: Iterable[str]) -> None:
        """Delete these topics; one that does not exist is fine."""
        wanted = list(names)
        if not wanted:
            return
        asked = self._admin.delete_topics(wanted, operation_timeout=self._timeout, request_timeout=self._timeout)
        for name, future in asked.items():
            self._answer(future, f"delete topic {name}", KafkaError.UNKNOWN_TOPIC_OR_PART)
        self._until(lambda: not self.describe(wanted), "stops showing the deleted topics")

    def end_offsets(self, topic: str) -> dict[int, int]:
        """Each partition's high watermark: the offset the next record will get. Not a count of records."""
        return self._offsets(topic, OffsetSpec.latest())

    def ends(self, topics: Iterable[str]) -> dict[Part, int]:
        """The high watermark of every partition of these topics."""
        return {Part(topic, number): end for topic in topics for number, end in self.end_offsets(topic).items()}

    def begin_offsets(self, topic: str) -> dict[int, int]:
        """Each partition's first offset that retention has left."""
        return self._offsets(topic, OffsetSpec.earliest())

    def _offsets(self, topic: str, which: OffsetSpec) -> dict[int, int]:
        info = self.describe([topic]).get(topic)
        if info is None:
            raise errors.ConfigurationError(f"{self._bootstrap} has no topic {topic}; next: `overgrow apply`")
        found: dict[int, int] = {}
        self._until(lambda: self._read(topic, info.partitions, which, found), f"leads every partition of {topic}")
        return found

    def _read(self, topic: str, partitions: int, which: OffsetSpec, found: dict[int, int]) -> bool:
        """Add what is not found yet; False while a partition (new, or of a restarted broker) has no leader."""
        missing = [number for number in range(partitions) if number not in found]
        wanted = {TopicPartition(topic, number): which for number in missing}
        asked = self._admin.list_offsets(wanted, request_timeout=self._timeout) if wanted else {}
        for place, future in asked.items():
            seen = self._answer(future, f"read an offset of {topic}-{place.partition}", *LEADERLESS)
            if seen is not None:
                found[place.partition] = seen.offset
        return len(found) == partitions

    def _until(self, shown: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + self._timeout
        while not shown():
            if time.monotonic() > until:
                raise errors.UnreachableError(f"no broker of {self._bootstrap} {what} within {self._timeout:g} s")
            time.sleep(POLL_SECONDS)
