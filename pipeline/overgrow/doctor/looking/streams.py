"""Kafka and Kafka Connect, each seen by a few bounded questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import closing
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType

from overgrow import errors
from overgrow.doctor.facts import Connector, Kafka, Task, Topic
from overgrow.kafka.connect import Connect

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
        self._bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": lambda _error: None})

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
        return Kafka(topics=topics, members=0 if group is None else self._members(group))

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

    def _members(self, group: str) -> int:
        [future] = self._admin.describe_consumer_groups([group], request_timeout=ANSWER_SECONDS).values()
        seen = self._answer(future, f"describe group {group}", KafkaError.GROUP_ID_NOT_FOUND)
        return 0 if seen is None else len(seen.members)

    def _answer(self, future: Future[Any], what: str, *none_if: int) -> Any:  # noqa: ANN401 - an untyped client
        try:
            return future.result(timeout=ANSWER_SECONDS + 1)
        except KafkaException as error:
            cause = error.args[0]
            if cause.code() in none_if:
                return None
            text = f"cannot {what} at {self._bootstrap}: {cause.name()}: {cause.str()}"
            # Negative codes are the client's own: it could not ask, or got no answer in time.
            if cause.code() < 0 or cause.retriable():
                raise errors.UnreachableError(text) from error
            raise errors.ConfigurationError(text) from error
        except TimeoutError as error:
            raise errors.UnreachableError(f"cannot {what} at {self._bootstrap}: no answer") from error
