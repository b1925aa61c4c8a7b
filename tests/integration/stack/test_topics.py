from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from overgrow import errors
from overgrow.kafka.admin import Topics
from overgrow.stack import Endpoints, Stack

pytestmark = pytest.mark.stack
NAMES = ("news.one", "news.two")


@pytest.fixture
def topics(endpoints: Endpoints) -> Iterator[Topics]:
    admin = Topics(endpoints.kafka)
    yield admin
    admin.delete(NAMES)


def test_created_topics_are_shown_absent_ones_are_not(topics: Topics) -> None:
    topics.create({"news.one": 3, "news.two": 1}, {"cleanup.policy": "compact"})
    seen = topics.describe([*NAMES, "news.never"])
    assert {name: info.partitions for name, info in seen.items()} == {"news.one": 3, "news.two": 1}


def test_a_topic_that_exists_is_not_made_again(topics: Topics) -> None:
    topics.create({"news.one": 1})
    with pytest.raises(errors.ConfigurationError, match=r"news\.one.*TOPIC_ALREADY_EXISTS"):
        topics.create({"news.one": 2})
    assert topics.describe(["news.one"])["news.one"].partitions == 1


def test_a_recreated_topic_has_another_id(topics: Topics) -> None:
    topics.create({"news.one": 1})
    before = topics.describe(["news.one"])["news.one"]
    topics.delete(["news.one"])
    assert topics.describe(["news.one"]) == {}
    topics.create({"news.one": 1})
    assert topics.describe(["news.one"])["news.one"].topic_id != before.topic_id


def test_end_offsets_are_where_the_next_record_goes(topics: Topics, endpoints: Endpoints) -> None:
    topics.create({"news.one": 2})
    assert topics.end_offsets("news.one") == {0: 0, 1: 0}
    producer = Producer({"bootstrap.servers": endpoints.kafka})
    for partition in (0, 1, 1):
        producer.produce("news.one", b"x", partition=partition)
    assert producer.flush(30) == 0
    assert topics.end_offsets("news.one") == {0: 1, 1: 2}
    with pytest.raises(errors.ConfigurationError, match=r"has no topic news\.never"):
        topics.end_offsets("news.never")


def test_a_broker_that_does_not_answer_is_unreachable(endpoints: Endpoints, stack: Stack) -> None:
    stack.kill("kafka", signal.SIGSTOP)
    with pytest.raises(errors.UnreachableError, match=r"describe topic news\.one"):
        Topics(endpoints.kafka, timeout=1).describe(["news.one"])
    stack.kill("kafka", signal.SIGCONT)
