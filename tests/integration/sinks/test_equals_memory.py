"""The real sink equals the in-memory one: the same random streams through both, compared after every batch."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import psycopg
import pytest

from overgrow.apply.batch import Books
from overgrow.model import Chunk
from overgrow.sinks.postgres import direct
from overgrow.testing import rangelog, toy
from tests.integration.sinks.play import BOUNDARIES, PART, engine, expected, memory, run, state, toy_sink

pytestmark = pytest.mark.stack


def stream(seed: int, length: int) -> list[tuple[bytes | None, bytes | None]]:
    """A hostile stream: re-sends with lower positions, reads and truncates anywhere, poison, refusals, partial rows,
    collisions.
    """
    rng = random.Random(seed)  # noqa: S311 - a seeded stream
    records: list[tuple[bytes | None, bytes | None]] = []
    lsn = 100
    for _ in range(length):
        lsn += rng.choice((0, 1, 1, 2, -5))
        key = rng.choice((1, 2, 3, 4, -1, 5))
        op = rng.choices("rcud", (2, 3, 4, 2))[0]
        name = rng.choice(("a", "b", "c", "d", "e", "f", "!", "?", "~", None))
        big = rng.choice(("x", None, "y", toy.PLACEHOLDER)) if op in "uc" else "z"
        records.append(toy.event(op, key, lsn=lsn, xid=lsn, name=name, big=big))  # type: ignore[arg-type]
        if op == "d":
            records.append((records[-1][0], None))
        if rng.random() < 0.03:  # at times a re-send of an old one
            records.append((None, toy.event("t", 0, lsn=lsn - rng.choice((0, 0, 9)), xid=lsn)[1]))
        if rng.random() < 0.03:
            records.append((records[-1][0], b"{broken"))
        if rng.random() < 0.02:
            records.append((None, records[0][1]))
    return records


def chunks(records: list[tuple[bytes | None, bytes | None]], seed: int) -> Iterator[Chunk]:
    rng = random.Random(seed)  # noqa: S311 - a seeded stream
    at = 0
    while at < len(records):
        size = rng.choice((1, 2, 3, 7, 20))
        yield toy.chunk(records[at : at + size], start=at)
        at += size


@pytest.mark.parametrize("seed", range(12))
def test_the_same_stream_ends_in_the_same_target(database: psycopg.Connection[Any], dsn: str, seed: int) -> None:
    async def act() -> None:
        for number, at in enumerate(BOUNDARIES[1:], 1):
            database.execute("INSERT INTO overgrow.generation VALUES ('toy', 'toy', 0, %s, %s, NULL, 1)", [number, at])
        real, fake = toy_sink(dsn, rereads=True), memory()
        first, second = engine(real), engine(fake)
        ours, theirs = await real.claim([PART]), await fake.claim([PART])
        for number, piece in enumerate(chunks(stream(seed, 120), seed)):
            await first.feed(piece, ours[PART].claim)
            await second.feed(piece, theirs[PART].claim)
            ours_now, theirs_now = state(database), expected(fake)
            for what, value in ours_now.items():
                assert value == theirs_now[what], f"{what} differ after chunk {number} at {piece.start}"
        await real.aclose()

    asyncio.run(act())
    assert rangelog.gaps(rangelog.ranges(database)) == []


def test_reads_of_an_untouched_partition_are_copied_straight_in(
    database: psycopg.Connection[Any], dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else is: a collision, a refused row, a stream, a letter go the guarded way, with the same result."""
    taken: list[bool | None] = []
    copy_rows = direct.copy_rows

    async def watched(*arguments: Any) -> Books | None:
        found = await copy_rows(*arguments)
        taken.append(found is not None)
        return found

    monkeypatch.setattr(direct, "copy_rows", watched)
    pieces: list[tuple[list[tuple[bytes, bytes]], list[bool | None]]] = [
        ([toy.event("r", key, name="ab") for key in range(10, 20)], [True]),
        ([toy.event("r", 20), toy.event("r", -20), toy.event("r", 21)], [False]),  # two source keys, one target key
        ([toy.event("r", 22)], []),  # a letter is open
        ([toy.event("r", -20, name="~"), toy.event("r", 23)], []),
        ([toy.event("r", 24), toy.event("c", 25, lsn=7)], []),
        ([toy.event("r", 26)], []),
    ]

    async def act() -> None:
        real, fake = toy_sink(dsn, rereads=True), memory()
        first, second = engine(real), engine(fake)
        async with aclosing(real):
            ours, theirs = (await real.claim([PART]))[PART].claim, (await fake.claim([PART]))[PART].claim
            at = 0
            for events, ways in pieces:
                piece = toy.chunk(events, start=at)
                await first.feed(piece, ours)
                await second.feed(piece, theirs)
                assert (taken, state(database)) == (ways, expected(fake)), f"chunk at {at}"
                taken.clear()
                at += len(events)

    run(act())
