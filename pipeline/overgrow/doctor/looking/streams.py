"""Kafka and Kafka Connect, each seen by a few bounded questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from confluent_kafka import KafkaError, TopicCollection, TopicPartition
from confluent_kafka.admin import ConfigResource, OffsetSpec, ResourceType

from overgrow.doctor.facts import Connector, Kafka, Task, Topic
from overgrow.kafka.answer import Admin
from overgrow.kafka.connect import Connect
from overgrow.kafka.groups import members

ANSWER_SECONDS = 5.0
SETTINGS = ("cleanup.policy", "retention.ms", "retention.bytes")
_LOW, _END = OffsetSpec.earliest(), OffsetSpec.latest()


def connector(url: str, name: str) -> Connector | None:
    """The connector as Connect shows it; None if there is none."""
    with closing(Connect(url, busy_seconds=ANSWER_SECONDS, answer_seconds=ANSWER_SECONDS)) as connect:
        status, config = connect.status(name), connect.config(name)
    if status is None or config is None:
        return None
    tasks = tuple(Task(id=one.id, state=one.state, cause=_cause(one.trace)) for one in status.tasks)
    return Connector(
        state=status.connector,
        cause=_cause(status.trace),
        tasks=tasks,
        config={key: value for key, value in config.items() if key != "name"},  # Connect adds it
    )


def _cause(trace: str) -> str:
    """The first line, and the innermost cause."""
    lines = trace.splitlines()
    causes = [line.strip() for line in lines[1:] if line.startswith("Caused by")]
    return " ".join([*lines[:1], *causes[-1:]])


class Brokers:
    """One cluster."""

    def __init__(self, bootstrap: str) -> None:
        self._kafka = Admin(bootstrap, timeout=ANSWER_SECONDS)
        self._admin, self._answer = self._kafka.client, self._kafka.answer

    def look(self, names: Iterable[str], group: str | None, *, config: bool) -> Kafka:
        """The topics among `names` that there are; with `config` their settings, with a `group` its members."""
        described = self._admin.describe_topics(TopicCollection(list(names)), request_timeout=ANSWER_SECONDS)
        found = {}
        for name, future in described.items():
            seen = self._answer(future, f"describe topic {name}", KafkaError.UNKNOWN_TOPIC_OR_PART)
            if seen is not None:
                found[name] = seen
        lows, ends = self._offsets(found, _LOW), self._offsets(found, _END)
        settings = self._settings(found) if config else {}
        topics = {
            name: Topic(id=str(seen.topic_id), lows=lows[name], ends=ends[name], config=settings.get(name, {}))
            for name, seen in found.items()
        }
        return Kafka(topics=topics, members=0 if group is None else len(members(self._kafka, group)))

    def _offsets(self, topics: Mapping[str, Any], which: OffsetSpec) -> dict[str, dict[int, int]]:
        places = [TopicPartition(name, one.id) for name, seen in topics.items() for one in seen.partitions]
        found: dict[str, dict[int, int]] = {name: {} for name in topics}
        asked = self._admin.list_offsets(dict.fromkeys(places, which), request_timeout=ANSWER_SECONDS) if places else {}
        for place, future in asked.items():
            answer = self._answer(future, f"read the offsets of {place.topic}[{place.partition}]")
            found[place.topic][place.partition] = answer.offset
        return found

    def _settings(self, topics: Iterable[str]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
        asked = self._admin.describe_configs(resources, request_timeout=ANSWER_SECONDS) if resources else {}
        found = {}
        for resource, future in asked.items():
            entries = self._answer(future, f"read the settings of {resource.name}")
            found[resource.name] = {key: str(entries[key].value) for key in SETTINGS if key in entries}
        return found
