"""Poison in a live pipeline: its letters reach the dlq topic with the bytes they came with, through deaths too."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.faults.pipeline import Pipeline
from tests.faults.waiting import until
from tests.integration.relay import raw

pytestmark = pytest.mark.stack
DYING = [sys.executable, str(Path(__file__).with_name("dying_worker.py"))]
POISONED = 3


def poison(pipeline: Pipeline) -> None:
    """Codes that no mapping knows, and a record that is no message at all, with headers of its own."""
    with pipeline.source() as source:
        source.execute(
            "UPDATE public.cust_master SET stat_cd = '?'"
            " WHERE cust_id IN (SELECT cust_id FROM public.cust_master ORDER BY cust_id LIMIT %s)",
            [POISONED],
        )
    headers: list[tuple[str, bytes | None]] = [("trace", b"\xff\x00"), ("empty", None)]
    topic = f"{pipeline.name}.public.ord_line"
    raw.send(pipeline.kafka, topic, key=b"no key", value=b"\x00no message", headers=headers)


def letters(pipeline: Pipeline, where: str = "true") -> set[tuple[str, int, int, int]]:
    with pipeline.target() as target:
        rows = target.execute(
            f'SELECT topic, partition, epoch, "offset" FROM overgrow.dead_letter WHERE {where}'.encode()
        )
        return {(topic, partition, epoch, offset) for topic, partition, epoch, offset in rows}


def relayed(pipeline: Pipeline) -> list[raw.Raw]:
    return raw.read(pipeline.kafka, f"overgrow.{pipeline.name}.dlq")


def all_relayed(pipeline: Pipeline) -> None:
    def done() -> bool:
        return len(letters(pipeline, "relayed_at IS NOT NULL")) == POISONED + 1

    until(done, "every letter is relayed", pipeline.state)


@pytest.mark.parametrize("host", ["faust", "confluent"])
def test_a_letter_is_relayed_once_as_it_came(running: Pipeline, host: str) -> None:
    running.host = host
    workers = [running.worker("w1"), running.worker("w2")]
    poison(running)
    all_relayed(running)
    found = relayed(running)
    assert sorted(one.coordinates for one in found) == sorted(letters(running))
    source = {
        (topic, one.partition, one.offset): one
        for topic in running.deployment.plans
        for one in raw.read(running.kafka, topic)
    }
    for one in found:
        topic, partition, epoch, offset = one.coordinates
        came = source[topic, partition, offset]
        assert (one.key, one.value) == (came.key, came.value)
        assert one.headers[: len(came.headers)] == came.headers
        assert epoch == 1
    by_kind = {kind: [one for one in found if one.header("overgrow.kind") == kind] for kind in ("translate", "decode")}
    assert [len(one) for one in by_kind.values()] == [POISONED, 1]
    assert {one.header("overgrow.field") for one in by_kind["translate"]} == {"status"}
    assert by_kind["decode"][0].headers[:2] == [("trace", b"\xff\x00"), ("empty", None)]
    said = [event for worker in workers for event in worker.events("relayed")]
    assert sum(event["letters"] for event in said) == POISONED + 1
    assert {worker.stop() for worker in workers} == {0}


def test_a_death_between_acknowledgement_and_mark_sends_it_again_with_the_same_coordinates(running: Pipeline) -> None:
    dying = running.worker("w1", entry=DYING)
    poison(running)
    assert dying.ended() == -signal.SIGKILL
    first = relayed(running)
    assert first
    assert not letters(running, "relayed_at IS NOT NULL")
    running.worker("w1")
    all_relayed(running)
    found = relayed(running)
    assert {one.coordinates for one in found} == letters(running)
    again = [one for one in found if one.coordinates in {sent.coordinates for sent in first}]
    assert len(again) == 2 * len(first)
    assert {(one.coordinates, one.key, one.value) for one in again} == {
        (one.coordinates, one.key, one.value) for one in first
    }
