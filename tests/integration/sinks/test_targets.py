"""One source row in two targets: each target ends as it would alone, and they are never apart."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from overgrow.apply import Engine, Folder
from overgrow.sinks.memory import MemorySink
from overgrow.sinks.postgres import PostgresSink
from overgrow.testing import rangelog, toy
from tests.integration.sinks.play import BOUNDARIES, PART, memory, run
from tests.integration.sinks.test_equals_memory import chunks

pytestmark = pytest.mark.stack
LEFT_OUT = {"a", "b", "~"}
TABLE = replace(toy.TABLE, also=(replace(toy.TABLE, label="more", target="public.toys_more"),))


class MoreCodec(toy.ToyCodec):
    """Leaves out other rows than the first target."""

    def line(self, after: Any) -> str | None:
        line = super().line(after)
        return (
            None if after.name in LEFT_OUT else line or "\t".join((str(abs(after.id)), after.name, after.big or "\\N"))
        )


def stream(seed: int, length: int) -> list[tuple[bytes | None, bytes | None]]:
    """Re-sends, reads and truncates anywhere, poison for both; no part of a row, no two keys on one target key."""
    rng = random.Random(seed)  # noqa: S311 - a seeded stream
    records: list[tuple[bytes | None, bytes | None]] = []
    lsn = 100
    for _ in range(length):
        lsn += rng.choice((0, 1, 1, 2, -5))
        op = rng.choices("rcud", (2, 3, 4, 2))[0]
        name = rng.choice(("a", "b", "c", "d", "!", "?", "~", None))
        records.append(toy.event(op, rng.choice((1, 2, 3, 4)), lsn=lsn, xid=lsn, name=name, big=rng.choice("xyz")))  # type: ignore[arg-type]
        if rng.random() < 0.03:
            records.append((None, toy.event("t", 0, lsn=lsn - rng.choice((0, 9)), xid=lsn)[1]))
        if rng.random() < 0.03:
            records.append((records[-1][0], b"{broken"))
    return records


def engine(sink: Any, *codecs: Any) -> Engine:
    async def no_sleep(seconds: float) -> None:
        del seconds

    folder = Folder(toy.ToyWire(), codecs[0], codecs[1:], rereads=True, truncates=True)
    return Engine(sink, {"toy": folder}, sleep=no_sleep, jitter=lambda: 0.0, observe=lambda *_: None)


def rows(connection: psycopg.Connection[Any], table: str) -> dict[str, Any]:
    found = connection.execute(f"SELECT id::text, name, big, _og_off, _og_lsn, _og_xid, _og_key FROM {table}".encode())
    return {row[0]: row[1:] for row in found}


def tombstones(connection: psycopg.Connection[Any], name: str) -> dict[str, Any]:
    found = connection.execute(
        "SELECT source_key, _og_off, _og_lsn, _og_xid FROM overgrow.tombstone WHERE mapping = %s", [name]
    )
    return {row[0]: tuple(row[1:]) for row in found}


def alone(sink: MemorySink) -> tuple[dict[str, Any], dict[str, Any]]:
    kept = sink.state
    held = {key: (*(None if f == "\\N" else f for f in c.fields[1:]), *c.stamp, c.key) for key, c in kept.rows.items()}
    return held, {key: tuple(stamp) for key, stamp in kept.tombstones.items()}


@pytest.mark.parametrize("seed", range(8))
def test_each_target_ends_as_it_would_alone(database: psycopg.Connection[Any], dsn: str, seed: int) -> None:
    database.execute(toy.DDL.format("toys_more").encode())
    for number, at in enumerate(BOUNDARIES[1:], 1):
        database.execute("INSERT INTO overgrow.generation VALUES ('toy', 'toy', 0, %s, %s, NULL, 1)", [number, at])

    async def act() -> None:
        both = PostgresSink(dsn, {"toy": TABLE}, pipeline="toy", owner="one", rereads=True)
        sinks = [memory(), memory()]
        engines = [
            engine(both, toy.ToyCodec(), MoreCodec()),
            engine(sinks[0], toy.ToyCodec()),
            engine(sinks[1], MoreCodec()),
        ]
        everyone: list[Any] = [both, *sinks]
        claims = [(await sink.claim([PART]))[PART].claim for sink in everyone]
        async with aclosing(both):
            for number, piece in enumerate(chunks(stream(seed, 120), seed)):
                for one, claim in zip(engines, claims, strict=True):
                    await one.feed(piece, claim)
                found = [
                    (rows(database, t), tombstones(database, n))
                    for t, n in (("toys", "toys"), ("toys_more", "toys.more"))
                ]
                assert found == [alone(sink) for sink in sinks], f"chunk {number} at {piece.start}"
        books = database.execute(
            "SELECT next_offset, received, applied, superseded, filtered, set_aside, ignored FROM overgrow.checkpoint"
        ).fetchone()
        point = sinks[0].state.checkpoints[PART]
        assert books == (point.next_offset, *point.books)

    asyncio.run(act())
    assert rangelog.gaps(rangelog.ranges(database)) == []


def test_a_row_that_the_second_target_refuses_is_in_neither(database: psycopg.Connection[Any], dsn: str) -> None:
    database.execute(toy.DDL.format("toys_more").replace("'?'", "'c'").encode())

    async def act() -> None:
        async with aclosing(PostgresSink(dsn, {"toy": TABLE}, pipeline="toy", owner="one")) as sink:
            claim = (await sink.claim([PART]))[PART].claim
            events = [
                toy.event("c", 1, lsn=1, name="d"),
                toy.event("c", 2, lsn=2, name="c"),
                toy.event("u", 1, lsn=3, name="c"),
            ]
            await engine(sink, toy.ToyCodec(), MoreCodec()).feed(toy.chunk(events), claim)

    run(act())
    assert {key: row[0] for key, row in rows(database, "toys").items()} == {"1": "d"}
    assert {key: row[0] for key, row in rows(database, "toys_more").items()} == {"1": "d"}
    letters = database.execute('SELECT "offset", kind, state FROM overgrow.dead_letter ORDER BY 1').fetchall()
    assert letters == [(1, "data", "open"), (2, "data", "open")]
    books = database.execute("SELECT received, applied, set_aside FROM overgrow.checkpoint").fetchone()
    assert books == (3, 1, 2)
