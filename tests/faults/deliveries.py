"""The same changes, delivered in many ways, end in the same target: the engine and a real PostgreSQL, no Kafka.

    python -m tests.faults.deliveries --deliveries 200 --out docs/evidence/deliveries.json

A delivery is four partitions' logs and the order in which they are fed: Connect sends a stretch again after each of
its crashes (from its last flushed position, in order, ahead of what is new), chunks are cut at random, partitions are
interleaved at random, a chunk is fed again or late as zombies and rebalances do. What is the same in all of them is
each partition's order of first sends.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from overgrow.apply import Engine, Folder
from overgrow.model import Part
from overgrow.sinks.postgres import PostgresSink, install
from overgrow.stack import Options, Stack
from overgrow.testing import rangelog, toy

EVENTS, PARTITIONS, KEYS, READS = 10_000, 4, 1_500, 1_000
CRASHES, LONGEST_RESEND = 6, 800
LARGEST_CHUNK = 2_000
OUTSIDE = "~"  # the name of a row that the filter does not let pass
NAMES = ("a", "b", "c", OUTSIDE, OUTSIDE, "d", "e", "f")
DELETES, STAYS, REFED = (
    0.15,
    0.4,
    0.1,
)  # how likely: an event is a delete, a large value stays, an old chunk comes again
Message = tuple[bytes | None, bytes | None]


class Sent(NamedTuple):
    """One message of the connector, and where it goes."""

    partition: Any
    message: Any


class Ended(NamedTuple):
    """What a delivery left: a digest of the rows without their stamps, and how it was sent."""

    digest: str
    records: int
    again: int
    problems: list[str]


def changes(seed: int, count: int = EVENTS) -> list[Sent]:
    """A source's history in commit order: a snapshot's reads, then creates, updates, deletes; large values may stay."""
    dice = random.Random(seed)  # noqa: S311 - the same history every time
    inside = dict.fromkeys(range(1, READS + 1), True)  # of the rows there are: whether the filter lets them pass
    found = [_sent(key, toy.event("r", key, lsn=50, name=dice.choice("abc"), big=f"first {key}")) for key in inside]
    for lsn in range(100, 100 + count):
        key = dice.randint(1, KEYS)
        if key in inside and dice.random() < DELETES:
            del inside[key]
            event = toy.event("d", key, lsn=lsn, xid=lsn)
            found += [_sent(key, event), _sent(key, (event[0], None))]
            continue
        name = dice.choice(NAMES)
        # A row that enters the filter is whole: without its large value it would be set aside (docs/decisions/0008).
        stays = inside.get(key, False) and name != OUTSIDE and dice.random() < STAYS
        big = toy.PLACEHOLDER if stays else f"at {lsn}"
        op = "u" if key in inside else "c"
        inside[key] = name != OUTSIDE
        found.append(_sent(key, toy.event(op, key, lsn=lsn, xid=lsn, name=name, big=big)))  # type: ignore[arg-type]
    return found[:count]


def digest_of(history: Sequence[Sent]) -> str:
    """What the source's rows translate to, by nothing but its own order."""
    rows: dict[int, tuple[str, str]] = {}
    for key, value in (sent.message for sent in history):
        if key is None or value is None:
            continue
        number, after = json.loads(key)["id"], json.loads(value)["after"]
        big = rows[number][1] if after and after["big"] == toy.PLACEHOLDER else after and after["big"]
        rows.pop(number, None)
        if after and after["name"] != OUTSIDE:
            rows[number] = (after["name"], big)
    return _digest([(number, *rows[number], f"[{number}]") for number in sorted(rows)])


def _digest(rows: Sequence[tuple[Any, ...]]) -> str:
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()


def _sent(key: int, message: Message) -> Sent:
    return Sent(key % PARTITIONS, message)


def logs(
    history: Sequence[Sent], dice: random.Random, *, reads: int = READS, crashes: int | None = CRASHES
) -> dict[Any, list[Any]]:
    """Each partition's log of one delivery; None: as many crashes as ever."""
    found: dict[Any, list[Any]] = {one.partition: [] for one in history}
    at, count = 0, CRASHES if crashes is None else crashes
    for end in (*sorted(dice.sample(range(reads + 1, len(history)), count)), len(history)):
        for partition, message in history[at:end]:
            found[partition].append(message)
        # What was not yet acknowledged goes out again, in its order, from the last flushed position on.
        at = max(reads, end - dice.randrange(LONGEST_RESEND)) if end < len(history) else end
    return found


def fed(sent: Mapping[int, list[Message]], dice: random.Random) -> Iterator[Any]:
    """Chunks in the order in which they are fed; some come again, some come late."""
    at, old = [0] * PARTITIONS, list[Any]()
    while left := [part for part in range(PARTITIONS) if at[part] < len(sent[part])]:
        part = dice.choice(left)
        records = sent[part][at[part] : at[part] + dice.randint(1, LARGEST_CHUNK)]
        chunk = toy.chunk(records, start=at[part], partition=part)
        at[part] = chunk.next
        yield chunk
        old.append(chunk)
        if dice.random() < REFED:
            yield dice.choice(old)


class Ground:
    """A target database of its own with the toy's tables, made again for each delivery."""

    def __init__(self, dsn: str, connection: psycopg.Connection[Any]) -> None:
        self._dsn, self._connection = dsn, connection

    def deliver(self, history: Sequence[Sent], seed: int) -> Ended:
        """Everything applied, in the way that this seed says."""
        dice = random.Random(seed)  # noqa: S311 - the same delivery every time
        self._again()
        sent = logs(history, dice)
        asyncio.run(self._feed(fed(sent, dice)))
        records = sum(map(len, sent.values()))
        return Ended(self._digest(), records, records - len(history), self._problems(sent))

    def _again(self) -> None:
        self._connection.execute("DROP SCHEMA IF EXISTS overgrow CASCADE; DROP TABLE IF EXISTS toys")
        self._connection.execute("DROP SCHEMA IF EXISTS overgrow_test CASCADE")
        install.migrate(self._connection)
        self._connection.execute(toy.DDL.format("toys").encode())
        install.register_pipeline(self._connection, "toy", 1, 1)
        install.add_checkpoints(self._connection, toy.TABLE, "id", PARTITIONS)
        install.record_mapping(self._connection, toy.TABLE, "toys")
        rangelog.install(self._connection)

    async def _feed(self, chunks: Iterator[Any]) -> None:
        parts = [Part("toy", number) for number in range(PARTITIONS)]
        sink = PostgresSink(self._dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one")
        folders = {"toy": Folder(toy.ToyWire(), toy.ToyCodec())}
        engine = Engine(sink, folders, sleep=asyncio.sleep, jitter=lambda: 0.0, observe=lambda *_: None)
        async with aclosing(sink):
            claimed = await sink.claim(parts)
            for chunk in chunks:
                await engine.feed(chunk, claimed[chunk.part].claim)

    def _digest(self) -> str:
        rows = self._connection.execute("SELECT id, name, big, _og_key FROM toys ORDER BY id").fetchall()
        return _digest(rows)

    def _problems(self, sent: Mapping[int, list[Message]]) -> list[str]:
        found = rangelog.gaps(rangelog.ranges(self._connection))
        rows = self._connection.execute("SELECT partition, next_offset, received FROM overgrow.checkpoint").fetchall()
        found += [f"{row} of {len(sent[row[0]])}" for row in rows if row[1:] != (len(sent[row[0]]),) * 2]
        letters = self._connection.execute("SELECT count(*) FROM overgrow.dead_letter").fetchone()
        return found if letters == (0,) else [*found, f"{letters} letters"]


@contextmanager
def ground(server: str) -> Iterator[Ground]:
    """A database on this server, dropped at the end."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS deliveries WITH (FORCE)")
        admin.execute("CREATE DATABASE deliveries")
        try:
            dsn = psycopg.conninfo.make_conninfo(server, dbname="deliveries")
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("SET client_min_messages = warning")
                yield Ground(dsn, connection)
        finally:
            admin.execute("DROP DATABASE deliveries WITH (FORCE)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Deliver, compare, report; 0 when all ended alike."""
    parser = argparse.ArgumentParser(description="Deliver the same changes in many ways.")
    parser.add_argument("--deliveries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/deliveries.json"))
    asked = parser.parse_args(arguments)
    began, history, report = time.monotonic(), changes(asked.seed), dict[str, Any]()
    with tempfile.TemporaryDirectory(prefix="overgrow-deliveries-") as folder:
        stack = Stack(Path(folder) / "stack")
        try:
            with ground(stack.up(Options()).target_dsn) as where:
                ended: list[Ended] = []
                for number in range(asked.deliveries):
                    ended.append(where.deliver(history, asked.seed + number))
                    report = _report(asked.seed, history, ended, time.monotonic() - began)
                    asked.out.parent.mkdir(parents=True, exist_ok=True)
                    asked.out.write_text(json.dumps(report, indent=1) + "\n")
        finally:
            stack.down()
    sys.stderr.write(f"{report}\n")
    return int(not report["equal_to_source"] or bool(report["problems"]))


def _report(seed: int, history: Sequence[Sent], ended: Sequence[Ended], seconds: float) -> dict[str, Any]:
    digests = {one.digest for one in ended}
    return {
        "seed": seed,
        "deliveries": len(ended),
        "partitions": PARTITIONS,
        "events": len(history),
        "records_applied": sum(one.records for one in ended),
        "sent_again": sum(one.again for one in ended),
        "different_targets": len(digests),
        "equal_to_source": digests == {digest_of(history)},
        "problems": [problem for one in ended for problem in one.problems],
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its stack goes with it
    sys.exit(main())
