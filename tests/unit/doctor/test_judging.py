"""Each fact that is not as it should be gives its finding, and only that; healthy facts give none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from overgrow.doctor.facts import Checkpoint, Connector, Kafka, Publication, Slot, Source, Target, Task, Topic
from overgrow.doctor.finding import Finding, unreachable
from overgrow.doctor.judging import connect, source, target, topics, workers
from overgrow.model import Part
from tests.unit.doctor.facts import (
    CHECKPOINTS,
    CONFIG,
    CONNECTOR,
    KAFKA,
    PARTS,
    PUBLICATION,
    SLOT,
    SOURCE,
    TARGET,
    TOPIC,
    TOPIC_FACTS,
    WANTED,
    bad,
)

Bad = list[tuple[str, str, str]]
RUNS = Task(id=0, state="RUNNING", cause="")


def judge_source(*, made: bool = True, **changes: Any) -> Iterator[Finding]:
    return source.judge(replace(SOURCE, **changes), WANTED, made=made)


def slot(**changes: Any) -> Slot:
    return replace(SLOT, **changes)


def published(**changes: Any) -> Publication:
    return replace(PUBLICATION, **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"wal_level": "replica"}, [("fail", "wal-level", "wal_level")]),
        ({"slots": 10}, []),  # the last one is the connector's
        ({"senders": 10}, []),
        (
            {"senders": 10, "slot": slot(active=False)},
            [("fail", "free-senders", "max_wal_senders"), ("fail", "slot-active", "slot")],
        ),
        (
            {"slots": 10, "slot": None},
            [("fail", "free-slots", "max_replication_slots"), ("fail", "slot-exists", "slot")],
        ),
        ({"slots": 10, "slot": slot(active=False)}, [("fail", "slot-active", "slot")]),
        ({"slot": None}, [("fail", "slot-exists", "slot")]),
        ({"slot": slot(active=False)}, [("fail", "slot-active", "slot")]),
        ({"slot": slot(wal_status="lost")}, [("fail", "slot-kept", "slot")]),
        ({"slot": slot(invalidation="wal_removed")}, [("fail", "slot-kept", "slot")]),
        ({"slot": slot(wal_status="unreserved", safe_bytes=-5, retained_bytes=-6)}, [("fail", "slot-kept", "slot")]),
        ({"slot": slot(wal_status="extended")}, []),
        ({"slot": slot(safe_bytes=9)}, [("warn", "slot-lag", "slot")]),
        ({"slot": slot(safe_bytes=10)}, []),
        ({"slot": slot(retained_bytes=source.LAG_BYTES + 1)}, [("warn", "slot-lag", "slot")]),
        ({"slot": slot(retained_bytes=source.LAG_BYTES + 1, safe_bytes=source.LAG_BYTES * 2)}, []),
        ({"publication": None}, [("fail", "publication", "pub")]),
        ({"publication": published(tables=frozenset({"public.t"}))}, [("fail", "publication-table", "public.u")]),
        (
            {"publication": published(operations=frozenset({"insert", "update", "delete"}))},
            [("fail", "publication-operations", "pub")],
        ),
        (
            {"publication": published(limited=frozenset({"public.u", "public.other"}))},
            [("fail", "publication-limits", "public.u")],
        ),
        ({"identities": {"public.t": "nothing", "public.u": "full"}}, [("fail", "replica-identity", "public.t")]),
        ({"identities": {"public.t": None, "public.u": "full"}}, [("fail", "replica-identity", "public.t")]),
    ],
)
def test_source(changes: dict[str, Any], expected: Bad) -> None:
    assert bad(judge_source(**changes)) == expected


def test_before_the_first_apply_what_is_not_made_is_a_warning() -> None:
    assert bad(judge_source(made=False, slot=None, publication=None)) == [
        ("warn", "slot-exists", "slot"),
        ("warn", "publication", "pub"),
    ]
    empty = published(tables=frozenset())
    assert {level for level, _, _ in bad(judge_source(made=False, publication=empty))} == {"warn"}
    assert bad(connect.judge(None, WANTED, made=False)) == [("warn", "connector-exists", "con")]
    assert bad(topics.judge({}, {}, WANTED)) == [("warn", "topic-exists", TOPIC)]
    nothing = replace(TARGET, version=None, source=None, checkpoints={}, constraints={})
    assert bad(target.judge(nothing, WANTED, syncing=False)) == [("warn", "own-tables", "overgrow")]
    unbound = replace(TARGET, source=None, checkpoints={})
    assert bad(target.judge(unbound, WANTED, syncing=False)) == [
        ("warn", "pipeline-bound", "shop"),
        ("warn", "checkpoints", TOPIC),
    ]


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ((77, 1), []),
        (None, []),
        ((78, 1), [("fail", "source-identity", "shop")]),
        ((77, 2), [("fail", "source-identity", "shop")]),
    ],
)
def test_source_identity(bound: tuple[int, int] | None, expected: Bad) -> None:
    assert bad(source.identity(SOURCE, bound, "shop")) == expected


def connector(**changes: Any) -> Connector:
    return replace(CONNECTOR, **changes)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (CONNECTOR, []),
        (None, [("fail", "connector-exists", "con")]),
        (connector(state="PAUSED"), [("fail", "connector-running", "con")]),
        (connector(state="FAILED", cause="boom", tasks=()), [("fail", "connector-running", "con")]),
        (connector(tasks=()), [("fail", "task-running", "con")]),
        (connector(state="UNASSIGNED", tasks=()), [("warn", "connector-running", "con")]),
        (connector(tasks=(Task(id=0, state="RESTARTING", cause=""),)), [("warn", "task-running", "con/0")]),
        (
            connector(tasks=(RUNS, Task(id=1, state="FAILED", cause="boom"))),
            [("fail", "task-running", "con/1")],
        ),
        (connector(config={**CONFIG, "tasks.max": "2"}), [("fail", "connector-config", "con")]),
        (connector(config={**CONFIG, "transforms": "x"}), [("fail", "connector-config", "con")]),
        (connector(config={"tasks.max": "1"}), [("fail", "connector-config", "con")]),
    ],
)
def test_connector(seen: Connector | None, expected: Bad) -> None:
    assert bad(connect.judge(seen, WANTED, made=True)) == expected


def test_a_failed_task_is_told_with_its_cause_and_the_state_of_its_connector() -> None:
    seen = connector(tasks=(Task(id=0, state="FAILED", cause="Exception: slot is gone"),))
    [found] = [one for one in connect.running(seen, WANTED, made=True) if one.level == "fail"]
    assert found.text == "FAILED behind a RUNNING connector: Exception: slot is gone"


def topic(**changes: Any) -> dict[str, Topic]:
    return {TOPIC: replace(TOPIC_FACTS, **changes)}


def at(first: int, **changes: Any) -> dict[Part, Checkpoint]:
    return {**CHECKPOINTS, PARTS[0]: replace(CHECKPOINTS[PARTS[0]], next_offset=first, **changes)}


@pytest.mark.parametrize(
    ("live", "checkpoints", "expected"),
    [
        (topic(), CHECKPOINTS, []),
        (topic(), at(0), []),
        ({}, CHECKPOINTS, [("fail", "topic-exists", TOPIC)]),
        (topic(id="other"), CHECKPOINTS, [("fail", "topic-identity", TOPIC)]),
        (topic(), at(100, topic_id="other"), [("fail", "topic-identity", TOPIC)]),
        (topic(), at(100, partitions=4), [("fail", "topic-identity", TOPIC)]),
        (
            topic(lows={0: 0, 1: 0, 2: 0}, ends={0: 100, 1: 50, 2: 0}),
            CHECKPOINTS,
            [("fail", "topic-identity", TOPIC), ("fail", "topic-partitions", TOPIC)],
        ),
        (topic(lows={0: 61, 1: 0}), at(60), [("fail", "log-start", f"{TOPIC}[0]")]),
        (topic(lows={0: 60, 1: 0}), at(60), [("warn", "log-start", f"{TOPIC}[0]")]),
        (topic(lows={0: 50, 1: 0}), at(54), [("warn", "log-start", f"{TOPIC}[0]")]),
        (topic(lows={0: 50, 1: 0}), at(55), []),
        (topic(lows={0: 100, 1: 0}), at(100), []),  # all is deleted, and all was applied
        (topic(), at(101), [("fail", "log-start", f"{TOPIC}[0]")]),
        (
            topic(config={"cleanup.policy": "compact,delete", "retention.ms": "-1"}),
            CHECKPOINTS,
            [("fail", "cleanup-policy", TOPIC)],
        ),
        (
            topic(config={"cleanup.policy": "delete", "retention.ms": "604800000"}),
            CHECKPOINTS,
            [("warn", "retention", TOPIC)],
        ),
        (
            topic(config={"cleanup.policy": "delete", "retention.bytes": "1"}),
            CHECKPOINTS,
            [("warn", "retention", TOPIC)],
        ),
    ],
)
def test_topics(live: dict[str, Topic], checkpoints: dict[Part, Checkpoint], expected: Bad) -> None:
    assert bad(topics.judge(live, checkpoints, WANTED)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"in_recovery": True}, [("fail", "target-writable", "target")]),
        ({"read_only": True}, [("fail", "target-writable", "target")]),
        ({"refusal": "53100: could not extend file"}, [("fail", "target-writable", "target")]),
        ({"version": 1}, [("fail", "own-tables", "overgrow")]),
        ({"version": 3}, [("fail", "own-tables", "overgrow")]),
        ({"source": None}, [("warn", "pipeline-bound", "shop")]),
        ({"checkpoints": {PARTS[0]: CHECKPOINTS[PARTS[0]]}}, [("fail", "checkpoints", TOPIC)]),
        (
            {"checkpoints": {Part("shop.public.other", 0): CHECKPOINTS[PARTS[0]]}},
            [("fail", "checkpoints", TOPIC)],
        ),
        ({"constraints": {"crm.t": ("t_name_key",)}}, [("fail", "constraints", "crm.t")]),
    ],
)
def test_target(changes: dict[str, Any], expected: Bad) -> None:
    assert bad(target.judge(replace(TARGET, **changes), WANTED, syncing=True)) == expected


@pytest.mark.parametrize(
    ("names", "syncing", "expected"),
    [
        (("t_name", "t_u"), False, []),
        (("t_name", "t_u"), True, [("fail", "constraints", "crm.t")]),
        (("t_name", "other"), False, [("fail", "constraints", "crm.t")]),
    ],
)
def test_declared_constraints_belong_to_the_end(names: tuple[str, ...], syncing: Any, expected: Bad) -> None:
    assert bad(target.judge(replace(TARGET, constraints={"crm.t": names}), WANTED, syncing=syncing)) == expected


@pytest.mark.parametrize(("members", "first", "syncing"), [(0, 100, False), (1, 100, True), (0, 99, True)])
def test_the_sync_runs_while_a_worker_is_there_or_a_record_waits(members: int, first: int, syncing: Any) -> None:
    assert workers.syncing(replace(KAFKA, members=members), at(first)) == syncing


def test_which_way_a_version_is_mended() -> None:
    steps = {
        version: next(
            one.next
            for one in target.judge(replace(TARGET, version=version), WANTED, syncing=True)
            if one.check == "own-tables"
        )
        for version in (1, 3)
    }
    assert steps == {1: "overgrow apply --only target", 3: "run the newer overgrow"}


@pytest.mark.parametrize(
    ("kafka", "checkpoints", "expected"),
    [
        (KAFKA, CHECKPOINTS, []),
        (KAFKA, at(1), []),
        (replace(KAFKA, members=0), CHECKPOINTS, []),
        (replace(KAFKA, members=0), at(99), [("fail", "workers", "overgrow.shop")]),
        (replace(KAFKA, members=0), at(99, topic_id="other"), []),  # the topic's identity is what is wrong
        (Kafka(topics={}, members=0), at(1), []),
    ],
)
def test_workers(kafka: Kafka, checkpoints: dict[Part, Checkpoint], expected: Bad) -> None:
    assert bad(workers.judge(kafka, checkpoints, WANTED)) == expected


@pytest.mark.parametrize(("offset", "level"), [(0.2, "ok"), (-5.0, "ok"), (5.1, "warn"), (-3600.0, "warn")])
def test_clocks_only_warn(offset: float, level: str) -> None:
    assert workers.clock("target", offset).level == level


def test_the_short_form_finds_what_may_break_while_it_runs() -> None:
    sick: Source = replace(SOURCE, wal_level="replica", slot=slot(wal_status="lost"), publication=None)
    assert bad(source.running(sick, WANTED, made=True)) == [
        ("fail", "slot-kept", "slot"),
        ("fail", "publication", "pub"),
    ]
    live = topic(lows={0: 7, 1: 0}, config={"cleanup.policy": "compact"})
    assert bad(topics.running(live, at(6), WANTED)) == [("fail", "log-start", f"{TOPIC}[0]")]
    stopped: Target = TARGET
    assert bad(target.judge(stopped, WANTED, syncing=True)) == []


def test_a_system_that_is_away_is_a_finding_with_a_next_command() -> None:
    found = unreachable("kafka", "no answer")
    assert bad([found]) == [("fail", "kafka-reachable", "kafka")]
    assert found.document()["unreachable"] is True
