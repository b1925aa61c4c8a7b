"""The private names of faust, mode and aiokafka that workers/faust_consumer.py, faust_app.py and run.py lean on.

Their authors promise none of them. Each is pinned by a digest of its source: an upgrade that touches one fails here, by
name. Then review faust_consumer.py against the new source, run tests/faults, and only then take over the new digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import inspect
import tomllib
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka.consumer.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState, TopicPartitionState
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.app.base import App
from faust.streams import Stream
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.consumer import ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage
from mode import CrashingSupervisor
from mode.threads import QueueServiceThread

from overgrow.apply.ports import Claimed
from overgrow.model import Claim, Part
from overgrow.workers import faust_consumer
from overgrow.workers.faust_app import ApplyApp, make_app
from overgrow.workers.settings import WorkerSettings

PINNED = ("faust-streaming", "mode-streaming", "aiokafka")
OVERRIDES: list[tuple[type[Any], type[Any]]] = [
    (faust_consumer.ChunkThread, driver.AIOKafkaConsumerThread),
    (faust_consumer.ChunkConsumer, driver.Consumer),
    (ApplyApp, App),
]
SOURCES: dict[str, tuple[type[Any], str]] = {
    "AIOKafkaConsumerThread.__post_init__": (driver.AIOKafkaConsumerThread, "913dc7c0d9578e2d"),
    "AIOKafkaConsumerThread._create_worker_consumer": (driver.AIOKafkaConsumerThread, "c2701bfc3e6f6cad"),
    "AIOKafkaConsumerThread._seek_wait": (driver.AIOKafkaConsumerThread, "9d221e816d940467"),
    "AIOKafkaConsumerThread.seek_wait": (driver.AIOKafkaConsumerThread, "12e8d34e554e9024"),
    "AIOKafkaConsumerThread.on_thread_stop": (driver.AIOKafkaConsumerThread, "8dfc004e258b6c25"),
    "AIOKafkaConsumerThread.on_partitions_revoked": (driver.AIOKafkaConsumerThread, "c44013f1259ca964"),
    "AIOKafkaConsumerThread.on_partitions_assigned": (driver.AIOKafkaConsumerThread, "e59e8dda43724bd4"),
    "AIOKafkaConsumerThread.seek": (driver.AIOKafkaConsumerThread, "1498560d05f02582"),
    "AIOKafkaConsumerThread._fetch_records": (driver.AIOKafkaConsumerThread, "39a2c6c79fc1455a"),
    "AIOKafkaConsumerThread.getmany": (driver.AIOKafkaConsumerThread, "26fc5fc9f3b667e1"),
    "AIOKafkaConsumerThread._commit": (driver.AIOKafkaConsumerThread, "932852ce7a23f658"),
    "AIOKafkaConsumerThread.highwater": (driver.AIOKafkaConsumerThread, "6f7dbe109ae6807f"),
    "AIOKafkaConsumerThread.assignment": (driver.AIOKafkaConsumerThread, "61f105132ae619f6"),
    "Consumer._new_consumer_thread": (driver.Consumer, "0870ec53dea75083"),
    "Consumer.seek_to_committed": (driver.Consumer, "f1d483b861b0328b"),
    "Consumer.perform_seek": (driver.Consumer, "0e8c130ff4b0afd8"),
    "Consumer.getmany": (driver.Consumer, "4b168d84882a70d6"),
    "Consumer._wait_next_records": (driver.Consumer, "6218e1969a636b3f"),
    "Consumer._drain_messages": (driver.Consumer, "44a2500309e83c63"),
    "Consumer._filter_tps_with_pending_acks": (driver.Consumer, "f6f9239774234e7e"),
    "Consumer._filter_committable_offsets": (driver.Consumer, "dc5e9baf5d994485"),
    "Consumer._commit_tps": (driver.Consumer, "a20e230b05ae8b15"),
    "Consumer._commit_offsets": (driver.Consumer, "1a69799041188441"),
    "Consumer._add_gap": (driver.Consumer, "4df2573ded7c1c2c"),
    "Consumer.ack": (driver.Consumer, "5fcf41cf45153475"),
    "Consumer.on_buffer_full": (driver.Consumer, "c8961679e0bcdce5"),
    "Consumer.on_buffer_drop": (driver.Consumer, "4b57e8a418d5ad9c"),
    "Consumer.assignment": (driver.Consumer, "58f5bf9281fb8ef9"),
    "Consumer.highwater": (driver.Consumer, "f52cb0d26a713c3a"),
    "Consumer.resume_flow": (driver.Consumer, "db59630f25b5819b"),
    "Consumer.stop_flow": (driver.Consumer, "cf7e875a2b0d40e8"),
    "Consumer.on_partitions_revoked": (driver.Consumer, "d04b7ae72c6fc206"),
    "Consumer.on_partitions_assigned": (driver.Consumer, "29ce96596f05a18c"),
    "App._new_transport": (App, "42db531312dd776f"),
    "App._create_directories": (App, "a9f571c3b04abec3"),
    "App._on_partitions_revoked": (App, "d5c895bbe57dc73a"),
    "App._on_partitions_assigned": (App, "de932b7927db85b3"),
    "Stream.noack": (Stream, "921a6f5c674d32d4"),
    "Stream.events": (Stream, "c62f4dd3a73fe7aa"),
    "Stream.ack": (Stream, "32d7171a89b0931d"),
    "Conductor._build_handler": (Conductor, "5c071d1277988c57"),
    "QueueServiceThread.call_thread": (QueueServiceThread, "479edda75b54734b"),
    "AIOKafkaConsumer.getmany": (AIOKafkaConsumer, "bc6d248e42a4e9d9"),
    "AIOKafkaConsumer.seek": (AIOKafkaConsumer, "a9430f1f3b9ac419"),
    "AIOKafkaConsumer.commit": (AIOKafkaConsumer, "79b057d88220e5a2"),
    "Fetcher.fetched_records": (Fetcher, "be4348896b9b66af"),
    "GroupCoordinator.ensure_active_group": (GroupCoordinator, "33c84c1a93012e81"),
    "GroupCoordinator.commit_offsets": (GroupCoordinator, "5cbe31af28d6cc06"),
    "SubscriptionState.subscription": (SubscriptionState, "fbbd34b17218040f"),
    "Assignment.state_value": (Assignment, "183fea82ef48f3e6"),
    "Assignment.tps": (Assignment, "45623b46739581c4"),
    "TopicPartitionState.position": (TopicPartitionState, "816b6b289bd14f5c"),
    "TopicPartitionState.has_valid_position": (TopicPartitionState, "ebe7c39d949a1f18"),
}


def test_the_versions_are_the_ones_that_were_reviewed() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    pins = dict(one.split("==") for one in project["dependencies"] if "==" in one)
    assert {name: importlib.metadata.version(name) for name in PINNED} == {name: pins.get(name) for name in PINNED}


@pytest.mark.parametrize("name", SOURCES)
def test_the_source_is_the_one_that_was_reviewed(name: str) -> None:
    owner, digest = SOURCES[name]
    found = inspect.getattr_static(owner, name.rpartition(".")[2])
    source = inspect.getsource(getattr(found, "fget", None) or getattr(found, "fun", None) or found)
    seen = hashlib.sha256(source.encode()).hexdigest()[:16]
    assert seen == digest, f"{name} has changed (digest {seen}): review faust_consumer.py, run tests/faults\n{source}"


@pytest.mark.parametrize(("ours", "theirs"), OVERRIDES)
def test_an_override_takes_what_the_original_takes(ours: type[Any], theirs: type[Any]) -> None:
    overridden = {
        name: value for name, value in vars(ours).items() if inspect.isfunction(value) and hasattr(theirs, name)
    }
    assert overridden
    for name, value in overridden.items():
        if name == "__init__":
            continue  # passes on whatever it is given
        original = inspect.signature(getattr(theirs, name)).parameters
        assert _shape(inspect.signature(value).parameters) == _shape(original), name
        assert inspect.iscoroutinefunction(value) == inspect.iscoroutinefunction(getattr(theirs, name)), name
        assert inspect.isasyncgenfunction(value) == inspect.isasyncgenfunction(getattr(theirs, name)), name


def test_only_named_methods_hide_something_of_their_base() -> None:
    """A method of ours that a newer base class happens to have as well would override it unseen."""
    known = {name for name, _ in SOURCES.items()}
    for ours, theirs in OVERRIDES:
        hidden = {
            f"{theirs.__name__}.{name}"
            for name, value in vars(ours).items()
            if inspect.isfunction(value) and hasattr(theirs, name) and name != "__init__"
        }
        assert hidden <= known


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (TopicPartitionState, ["_position"]),
        (AIOKafkaConsumer, ["_isolation_level", "_subscription"]),
        (BaseConsumer, ["_read_offset", "_committed_offset", "_unacked_messages", "flow_active"]),
        (ThreadDelegateConsumer, ["_thread"]),
        (AppT, ["consumer_generation_id"]),
    ],
)
def test_attributes_that_are_set_or_read_exist(owner: type[Any], names: list[str]) -> None:
    source = inspect.getsource(owner)
    assert [name for name in names if f"self.{name}" not in source and f"    {name}: " not in source] == []


def test_a_message_is_built_as_we_build_it() -> None:
    fields = list(inspect.signature(ConsumerMessage).parameters)
    assert fields == [
        "topic", "partition", "offset", "timestamp", "timestamp_type", "headers", "key", "value", "checksum",
        "serialized_key_size", "serialized_value_size", "tp", "time_in", "time_out", "time_total", "generation_id",
    ]  # fmt: skip


def test_the_host_is_plugged_in_with_the_settings_it_needs() -> None:
    app = make_app("contract", "broker:9092", ["topic"], WorkerSettings())
    settings = {
        "agent_supervisor": CrashingSupervisor,
        "broker_max_poll_interval": 1e6,
        "consumer_auto_offset_reset": "none",
        "stream_buffer_maxsize": 1,
        "stream_wait_empty": False,
        "topic_allow_declare": False,
        "table_standby_replicas": 0,
        "web_enabled": False,
    }
    assert {name: getattr(app.conf, name) for name in settings} == settings
    assert isinstance(app, faust.App)
    assert app.transport.Consumer is faust_consumer.ChunkConsumer
    assert inspect.signature(faust_consumer.ChunkConsumer._new_consumer_thread).return_annotation == "ChunkThread"


def _shape(parameters: Any) -> list[tuple[str, Any, bool]]:
    """Names, kinds and whether there is a default; what is passed by position must stay in its place."""
    return [(one.name, one.kind, one.default is not one.empty) for one in parameters.values()]


async def _claims(consumer: Any, number: int) -> None:
    consumer._app_claims = number
    await consumer._claim([TP("topic", 0)])


def test_of_two_claims_at_once_the_later_one_counts_whatever_comes_back_first() -> None:
    consumer: Any = _Consumer()
    for number in (17, 16):
        asyncio.run(_claims(consumer, number))
    assert consumer._claims == {TP("topic", 0): Claim(17, "us")}


class _Consumer:
    """As much of the consumer as a claim needs."""

    _claim = faust_consumer.ChunkConsumer._claim

    def __init__(self) -> None:
        self._claims: dict[Any, Claim] = {}
        self._app_claims = 0
        self.worker = self

    async def claim(self, parts: Any) -> dict[Part, Claimed]:
        claim = Claim(self._app_claims, "us")
        return {part: Claimed(claim=claim, next_offset=0, topic_id="", partition_count=1) for part in parts}


class _Thread:
    """As much of the consumer's thread as a commit needs."""

    _commit = faust_consumer.ChunkThread._commit

    def __init__(self, assigned: set[Any], error: Exception | None = None, *, flows: bool = True) -> None:
        self._assigned, self._error = assigned, error
        self.app = self.consumer = self
        self.flow_active = flows
        self.tp_last_committed_at: dict[Any, float] = {}
        self.told: list[Any] = []
        self.events: list[str] = []

    def assignment(self) -> set[Any]:
        return self._assigned

    def _ensure_consumer(self) -> _Thread:
        return self

    async def commit(self, offsets: Any) -> None:
        if self._error is not None:
            raise self._error
        self.told.append(offsets)

    def event(self, name: str, **_fields: Any) -> None:
        self.events.append(name)


@pytest.mark.parametrize(
    ("thread", "told", "events"),
    [
        (_Thread({TP("topic", 0)}), [{TopicPartition("topic", 0): OffsetAndMetadata(5, "")}], []),
        (_Thread({TP("topic", 0)}, flows=False), [], []),  # a rebalance: it would begin another one
        (_Thread(set()), [], []),  # all of them have moved while the commit was on its way
        (_Thread({TP("topic", 0)}, CommitFailedError()), [], ["offsets-not-told"]),
        (_Thread({TP("topic", 0)}, IllegalStateError("not assigned")), [], ["offsets-not-told"]),
    ],
)
def test_telling_kafka_an_offset_never_ends_a_worker(thread: Any, told: list[Any], events: list[str]) -> None:
    done = asyncio.run(thread._commit({TP("topic", 0): 5, TP("topic", 1): 6}))
    assert (done, thread.told, thread.events) == (bool(told), told, events)
