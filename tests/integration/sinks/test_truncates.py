"""A truncate at the source: a watermark for every partition, and for the letters that are older."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import psycopg
import pytest

from overgrow.model import Part
from overgrow.testing import rangelog, toy
from tests.integration.sinks.play import PART, engine, names, run, toy_sink

pytestmark = pytest.mark.stack


def test_a_truncate_is_a_watermark_for_every_partition(database: psycopg.Connection[Any], dsn: str) -> None:
    """Partition 0 brings the TRUNCATE (position 500) while 1 and 2 lag, or are ahead of it."""
    ahead, behind, parts = Part("toy", 1), Part("toy", 2), [Part("toy", number) for number in range(3)]
    for part in (ahead, behind):
        database.execute(
            "INSERT INTO overgrow.checkpoint (pipeline, topic, partition, topic_id, partition_count, epoch)"
            " VALUES ('toy', 'toy', %s, 'id', 3, 1)",
            [part.partition],
        )
        database.execute(
            "INSERT INTO overgrow.generation (pipeline, topic, partition, epoch, number, from_offset)"
            " VALUES ('toy', 'toy', %s, 1, 0, 0), ('toy', 'toy', %s, 1, 1, 3)",
            [part.partition, part.partition],
        )

    async def act() -> None:
        async with aclosing(toy_sink(dsn, rereads=True)) as sink:
            claims = await sink.claim(parts)
            run = engine(sink)

            async def feed(part: Part, start: int, *events: tuple[bytes | None, bytes | None]) -> None:
                piece = toy.chunk(events, start=start, partition=part.partition)
                await run.feed(piece, claims[part].claim)

            await feed(PART, 0, toy.event("r", 1), toy.event("u", 2, lsn=400, name="old"), toy.event("c", 3, lsn=450))
            await feed(
                ahead, 0, toy.event("r", 11), toy.event("c", 12, lsn=600, name="new"), toy.event("u", 13, lsn=499)
            )
            await feed(PART, 3, (None, toy.event("t", 0, lsn=500)[1]), toy.event("c", 1, lsn=501, name="new"))
            assert names(database) == {1: "new", 12: "new"}
            # older ones that come late, a read of the same generation, one of the next, and a re-send of the truncate
            await feed(behind, 0, toy.event("r", 21), toy.event("c", 22, lsn=499), toy.event("d", 23, lsn=498))
            assert names(database) == {1: "new", 12: "new"}
            await feed(behind, 3, toy.event("r", 24, name="new"), toy.event("c", 25, lsn=700, name="new"))
            await feed(PART, 5, (None, toy.event("t", 0, lsn=500)[1]), toy.event("c", 1, lsn=501, name="new"))
            assert names(database) == {1: "new", 12: "new", 24: "new", 25: "new"}
            # the next one takes what the first has left, but for what is read after it
            await feed(ahead, 3, (None, toy.event("t", 0, lsn=800)[1]))
            assert names(database) == {}

    run(act())
    books = database.execute(
        "SELECT received, applied, superseded FROM overgrow.checkpoint ORDER BY partition"
    ).fetchall()
    assert books == [(7, 6, 1), (4, 4, 0), (5, 2, 3)]
    assert rangelog.gaps(rangelog.ranges(database)) == []


def test_a_truncate_closes_the_letters_that_are_older(database: psycopg.Connection[Any], dsn: str) -> None:
    async def act() -> None:
        async with aclosing(toy_sink(dsn)) as sink:
            claim = (await sink.claim([PART]))[PART].claim
            events = [toy.event("c", 1, lsn=400, name="!"), (None, toy.event("t", 0, lsn=500)[1])]
            events += [toy.event("c", 2, lsn=501, name="!"), toy.event("c", 3, lsn=499, name="!")]
            await engine(sink).feed(toy.chunk(events), claim)

    run(act())
    letters = database.execute('SELECT "offset", state FROM overgrow.dead_letter ORDER BY 1').fetchall()
    assert letters == [(0, "superseded"), (2, "open"), (3, "superseded")]
