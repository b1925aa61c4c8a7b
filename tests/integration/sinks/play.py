"""What the tests of the sink share: the toy table, its engine, records for it, and what lies in the target."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg

from overgrow.apply import Engine, Folder, Receipt
from overgrow.model import Chunk, Claim, Part
from overgrow.sinks.memory import MemorySink
from overgrow.sinks.postgres import PostgresSink
from overgrow.testing import toy

PART = Part("toy", 0)
BOUNDARIES = (0, 33, 70)  # where the generations of the long streams begin


def toy_sink(dsn: str, *, owner: str = "one", rereads: bool = False) -> PostgresSink:
    return PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner=owner, rereads=rereads)


def engine(sink: Any) -> Engine:
    async def no_sleep(seconds: float) -> None:
        del seconds

    folder = Folder(toy.ToyWire(), toy.ToyCodec(), rereads=True, truncates=True)
    return Engine(sink, {"toy": folder}, sleep=no_sleep, jitter=lambda: 0.0, observe=lambda *_: None)


def memory() -> MemorySink:
    def refuses(fields: list[str]) -> str | None:
        if fields[1] in ("?", "\\N"):
            return "refused"
        return None

    sink = MemorySink(toy.COLUMNS, toy.KEY, [PART], refuses=refuses, rereads=True)
    sink.state.checkpoints[PART].boundaries = BOUNDARIES
    return sink


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


def records(*values: str, start: int = 100) -> list[tuple[bytes, bytes]]:
    return [toy.event("c", number + 1, lsn=start + number, xid=9, name=value) for number, value in enumerate(values)]


async def written(sink: PostgresSink, piece: Chunk, claim: Claim) -> Receipt:
    return await sink.write(Folder(toy.ToyWire(), toy.ToyCodec()).fold(piece, start=piece.start), claim)


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
        "truncation": connection.execute("SELECT _og_off, _og_lsn FROM overgrow.truncation").fetchone(),
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
        "truncation": kept.truncation and tuple(kept.truncation),
    }


def names(database: psycopg.Connection[Any]) -> dict[int, str]:
    return dict(database.execute("SELECT id, name FROM toys").fetchall())
