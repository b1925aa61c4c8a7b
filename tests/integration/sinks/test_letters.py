"""Dead letters: what is set aside, and what heals it."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from overgrow.apply import Receipt
from overgrow.model import Part
from overgrow.sinks.postgres import generations
from overgrow.testing import toy
from tests.integration.sinks.play import PART, engine, names, records, run, toy_sink, written

pytestmark = pytest.mark.stack


def test_a_letter_keeps_the_record_as_it_was(database: psycopg.Connection[Any], dsn: str) -> None:
    raw = (toy.event("c", 1)[0], b"\x00\xff broken")
    piece = replace(toy.chunk([raw]), headers=[(("h", b"\x01"), ("h", None))])

    async def act() -> Receipt:
        sink = toy_sink(dsn)
        async with aclosing(sink):
            return await written(sink, piece, (await sink.claim([PART]))[PART].claim)

    assert run(act()).books.set_aside == 1
    row = database.execute(
        "SELECT kind, state, source_key, key, value, header_names, header_values FROM overgrow.dead_letter"
    ).fetchone()
    assert row == ("decode", "open", "[1]", raw[0], raw[1], ["h", "h"], [b"\x01", None])


def test_a_letter_of_another_source_history_and_partition_is_a_stamp_without_a_position(
    database: psycopg.Connection[Any], dsn: str
) -> None:
    """After an adoption the key has moved, and positions begin anew: its old letter holds nothing up, and is healed."""
    moved = Part("toy", 1)

    async def act() -> None:
        async with aclosing(toy_sink(dsn, rereads=True)) as sink:
            claim = (await sink.claim([PART]))[PART].claim
            events = [toy.event("c", 1, lsn=900, name="good"), toy.event("u", 1, lsn=1000, name="!")]
            await engine(sink).feed(toy.chunk(events), claim)
            ends = {PART: 0, moved: 0}
            generations.new_epoch(database, [toy.TABLE], {"toy": ("other", 2)}, ends, (2, 1))
            claim = (await sink.claim([moved]))[moved].claim
            events = [toy.event("r", 1, name="!"), toy.event("u", 1, lsn=5, name="fixed")]
            for at, one in enumerate(events):
                await engine(sink).feed(toy.chunk([one], start=at, partition=1), claim)

    run(act())
    assert names(database) == {1: "fixed"}
    assert database.execute("SELECT DISTINCT state FROM overgrow.dead_letter").fetchall() == [("superseded",)]


def test_a_target_key_that_another_partition_takes_at_the_same_moment_is_a_collision(
    database: psycopg.Connection[Any], dsn: str
) -> None:
    async def act() -> None:
        async with aclosing(toy_sink(dsn)) as sink:
            claim = (await sink.claim([PART]))[PART].claim
            writing = asyncio.create_task(engine(sink).feed(toy.chunk(records("a", "b")), claim))
            await asyncio.to_thread(until_blocked, database)
            other.commit()
            assert await writing == 2

    with psycopg.connect(dsn, application_name="another partition's worker") as other:
        other.execute("INSERT INTO toys VALUES (1, 'theirs', NULL, 7, 7, 7, '-1')")  # not committed yet
        run(act())
    assert database.execute("SELECT name FROM toys ORDER BY id").fetchall() == [("theirs",), ("b",)]
    letters = database.execute('SELECT kind, "offset", state FROM overgrow.dead_letter').fetchall()
    assert letters == [("key-collision", 0, "open")]


def until_blocked(database: psycopg.Connection[Any]) -> None:
    """Until the sink waits for a lock in its upsert."""
    for _ in range(200):
        waiting = database.execute(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'overgrow:toy' AND wait_event_type = 'Lock'"
        ).fetchone()
        if waiting:
            return
        time.sleep(0.05)
    pytest.fail("the sink never waited")
