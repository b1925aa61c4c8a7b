"""The real sink equals the in-memory one: the same random streams through both, compared after every batch."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from overgrow.apply import Engine, Folder
from overgrow.model import Chunk, Part
from overgrow.sinks.memory import MemorySink
from overgrow.sinks.postgres import PostgresSink, Table, install
from overgrow.stack import Endpoints
from overgrow.testing import rangelog, toy

pytestmark = pytest.mark.stack
PART = Part("toy", 0)
TABLE = Table(
    pipeline="toy",
    mapping="toys",
    version=1,
    topic="toy",
    target="public.toys",
    columns=toy.COLUMNS,
    key=toy.KEY,
    keyed=True,
)


@pytest.fixture
def database(endpoints: Endpoints) -> Iterator[psycopg.Connection[Any]]:
    """A fresh database in the target server, with own tables, the toy's target and one checkpoint."""
    with psycopg.connect(endpoints.target_dsn, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS toys WITH (FORCE)")
        admin.execute("CREATE DATABASE toys")
        dsn = psycopg.conninfo.make_conninfo(endpoints.target_dsn, dbname="toys")
        with psycopg.connect(dsn, autocommit=True) as connection:
            install.install(connection)
            connection.execute(toy.DDL.format("toys"))
            install.register_pipeline(connection, "toy", 1, 1)
            install.add_checkpoints(connection, TABLE, "id", 1)
            rangelog.install(connection)
            yield connection
        admin.execute("DROP DATABASE toys WITH (FORCE)")


@pytest.fixture
def dsn(database: psycopg.Connection[Any]) -> str:
    return psycopg.conninfo.make_conninfo(database.info.dsn, password=database.info.password)


def engine(sink: Any) -> Engine:
    async def no_sleep(seconds: float) -> None:
        del seconds

    folder = Folder(toy.ToyWire(), toy.ToyCodec(), rereads=True)
    return Engine(sink, {"toy": folder}, sleep=no_sleep, jitter=lambda: 0.0, observe=lambda *_: None)


def memory() -> MemorySink:
    def refuses(fields: list[str]) -> str | None:
        if fields[1] in ("?", "\\N"):
            return "refused"
        return None

    return MemorySink(toy.COLUMNS, toy.KEY, [PART], refuses=refuses, rereads=True)


def stream(seed: int, length: int) -> list[tuple[bytes | None, bytes | None]]:
    """A hostile stream: re-sends with lower positions, reads anywhere, poison, refusals, partial rows, collisions."""
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


def state(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    rows = connection.execute("SELECT id::text, name, big, _og_off, _og_lsn, _og_xid, _og_key FROM toys")
    dead = connection.execute("SELECT source_key, _og_off, _og_lsn, _og_xid FROM overgrow.tombstone")
    letters = connection.execute('SELECT "offset", kind, state FROM overgrow.dead_letter')
    point = connection.execute(
        "SELECT next_offset, received, applied, superseded, filtered, set_aside, ignored FROM overgrow.checkpoint"
    )
    return {
        "rows": {row[0]: row[1:] for row in rows},
        "tombstones": {row[0]: tuple(row[1:]) for row in dead},
        "letters": {row[0]: tuple(row[1:]) for row in letters},
        "checkpoint": point.fetchone(),
    }


def expected(sink: MemorySink) -> dict[str, Any]:
    text = lambda value: None if value == "\\N" else value  # noqa: E731
    kept = sink.state
    row = kept.checkpoints[PART]
    return {
        "rows": {k: (*map(text, c.fields[1:]), *c.stamp, c.key) for k, c in kept.rows.items()},
        "tombstones": {k: tuple(s) for k, s in kept.tombstones.items()},
        "letters": {f.letter.record.offset: (f.letter.kind, "open" if f.open else "superseded") for f in kept.letters},
        "checkpoint": (row.next_offset, *row.books),
    }


@pytest.mark.parametrize("seed", range(12))
def test_the_same_stream_ends_in_the_same_target(database: psycopg.Connection[Any], dsn: str, seed: int) -> None:
    async def run() -> None:
        real, fake = PostgresSink(dsn, {"toy": TABLE}, pipeline="toy", owner="one", rereads=True), memory()
        first, second = engine(real), engine(fake)
        ours, theirs = await real.claim([PART]), await fake.claim([PART])
        for number, piece in enumerate(chunks(stream(seed, 120), seed)):
            await first.feed(piece, ours[PART].claim)
            await second.feed(piece, theirs[PART].claim)
            ours_now, theirs_now = state(database), expected(fake)
            for what, value in ours_now.items():
                assert value == theirs_now[what], f"{what} differ after chunk {number} at {piece.start}"
        await real.close()

    asyncio.run(run())
    assert rangelog.gaps(rangelog.ranges(database)) == []
