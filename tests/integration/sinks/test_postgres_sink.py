"""The real sink equals the in-memory one: the same random streams through both, compared after every batch."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from overgrow import errors
from overgrow.apply import ClaimLost, Engine, Folder, Hole, Moved, Receipt
from overgrow.apply.batch import Books
from overgrow.model import Chunk, Claim, Part
from overgrow.sinks.memory import MemorySink
from overgrow.sinks.postgres import PostgresSink, direct, generations, install
from overgrow.stack import Endpoints
from overgrow.testing import rangelog, toy

pytestmark = pytest.mark.stack
PART = Part("toy", 0)
BOUNDARIES = (0, 33, 70)  # where the generations of the long streams begin


@pytest.fixture
def database(endpoints: Endpoints) -> Iterator[psycopg.Connection[Any]]:
    """A fresh database in the target server, with own tables, the toy's target and one checkpoint."""
    with psycopg.connect(endpoints.target_dsn, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS toys WITH (FORCE)")
        admin.execute("CREATE DATABASE toys")
        dsn = psycopg.conninfo.make_conninfo(endpoints.target_dsn, dbname="toys")
        with psycopg.connect(dsn, autocommit=True) as connection:
            install.migrate(connection)
            connection.execute(toy.DDL.format("toys"))
            install.register_pipeline(connection, "toy", 1, 1)
            install.add_checkpoints(connection, toy.TABLE, "id", 1)
            install.record_mapping(connection, toy.TABLE, "toys")
            rangelog.install(connection)
            yield connection
        admin.execute("DROP DATABASE toys WITH (FORCE)")


@pytest.fixture
def dsn(database: psycopg.Connection[Any]) -> str:
    return psycopg.conninfo.make_conninfo(database.info.dsn, password=database.info.password)


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


@pytest.mark.parametrize("seed", range(12))
def test_the_same_stream_ends_in_the_same_target(database: psycopg.Connection[Any], dsn: str, seed: int) -> None:
    async def act() -> None:
        for number, at in enumerate(BOUNDARIES[1:], 1):
            database.execute("INSERT INTO overgrow.generation VALUES ('toy', 'toy', 0, %s, %s, NULL, 1)", [number, at])
        real, fake = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one", rereads=True), memory()
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
        real, fake = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one", rereads=True), memory()
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


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


def records(*values: str, start: int = 100) -> list[tuple[bytes, bytes]]:
    return [toy.event("c", number + 1, lsn=start + number, xid=9, name=value) for number, value in enumerate(values)]


async def written(sink: PostgresSink, piece: Chunk, claim: Claim) -> Receipt:
    return await sink.write(Folder(toy.ToyWire(), toy.ToyCodec()).fold(piece, start=piece.start), claim)


def test_a_claim_ends_the_claims_before_it(database: psycopg.Connection[Any], dsn: str) -> None:
    async def act() -> None:
        old = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="old")
        new = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="new")
        async with aclosing(old), aclosing(new):
            stale = (await old.claim([PART]))[PART]
            fresh = (await new.claim([PART]))[PART]
            piece = toy.chunk(records("a", "b"))
            with pytest.raises(ClaimLost):
                await written(old, piece, stale.claim)
            assert (await written(new, piece, fresh.claim)).books.applied == 2

    run(act())
    assert database.execute("SELECT count(*) FROM toys").fetchone() == (2,)


def test_a_chunk_that_does_not_begin_at_the_checkpoint_writes_nothing(
    database: psycopg.Connection[Any], dsn: str
) -> None:
    async def act() -> None:
        sink = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one")
        async with aclosing(sink):
            claim = (await sink.claim([PART]))[PART].claim
            with pytest.raises(Hole) as hole:
                await written(sink, toy.chunk(records("a"), start=5), claim)
            assert hole.value.at == 0
            await written(sink, toy.chunk(records("a", "b")), claim)
            with pytest.raises(Moved) as moved:
                await written(sink, toy.chunk(records("a", "b", "c")), claim)
            assert moved.value.at == 2

    run(act())
    assert database.execute("SELECT count(*) FROM toys").fetchone() == (2,)


def test_a_claim_evicts_a_frozen_worker_that_holds_the_row(database: psycopg.Connection[Any], dsn: str) -> None:
    zombie = psycopg.connect(dsn, application_name="overgrow:toy")
    zombie.execute("SELECT FROM overgrow.checkpoint FOR UPDATE")  # and then it sleeps, in an open transaction

    async def act() -> Claim:
        sink = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="new")
        return (await sink.claim([PART]))[PART].claim

    with closing(zombie):
        before = database.execute("SELECT claim FROM overgrow.checkpoint").fetchone()
        assert before == (run(act()).number - 1,)
        with pytest.raises(psycopg.OperationalError):
            zombie.execute("SELECT 1")
    assert database.execute("SELECT owner FROM overgrow.checkpoint").fetchone() == ("new",)


def test_a_newer_mapping_text_ends_the_claims_of_the_older(database: psycopg.Connection[Any], dsn: str) -> None:
    async def act() -> None:
        async with aclosing(PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="old")) as sink:
            claim = (await sink.claim([PART]))[PART].claim
            await written(sink, toy.chunk(records("a")), claim)
            install.record_mapping(database, replace(toy.TABLE, version=2, digest="e"), "toys, better")
            with pytest.raises(ClaimLost):
                await written(sink, toy.chunk(records("a", "b")[1:], start=1), claim)
            with pytest.raises(errors.Refused, match="version 2 of mapping toys is in force") as refused:
                await sink.claim([PART])
            assert refused.value.code == "mapping-version"

    run(act())
    assert database.execute("SELECT count(*) FROM toys").fetchone() == (1,)


def test_a_target_key_that_another_partition_takes_at_the_same_moment_is_a_collision(
    database: psycopg.Connection[Any], dsn: str
) -> None:
    async def act() -> None:
        async with aclosing(PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one")) as sink:
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


class Evicting(PostgresSink):
    """Says when it has tried to evict twice."""

    def __init__(self, dsn: str, owner: str) -> None:
        super().__init__(dsn, {"toy": toy.TABLE}, pipeline="toy", owner=owner)
        self._tried = 0
        self.tried_twice = asyncio.Event()

    async def _evict(self, blocked_pid: int, statement: sql.Composed) -> None:
        await super()._evict(blocked_pid, statement)
        self._tried += 1
        if self._tried == 2:
            self.tried_twice.set()


@pytest.mark.usefixtures("database")
def test_a_claim_does_not_evict_strangers(dsn: str) -> None:
    async def act() -> None:
        sink = Evicting(dsn, "new")
        claiming, trying = asyncio.create_task(sink.claim([PART])), asyncio.create_task(sink.tried_twice.wait())
        await asyncio.wait({claiming, trying}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert trying.done(), "the second attempt to evict"
        assert not claiming.done()
        claiming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await claiming

    with psycopg.connect(dsn, application_name="a person") as stranger:
        stranger.execute("SELECT FROM overgrow.checkpoint FOR UPDATE")
        run(act())
        assert stranger.execute("SELECT 1").fetchone() == (1,)


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
        async with aclosing(PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one", rereads=True)) as sink:
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
        async with aclosing(PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one")) as sink:
            claim = (await sink.claim([PART]))[PART].claim
            events = [toy.event("c", 1, lsn=400, name="!"), (None, toy.event("t", 0, lsn=500)[1])]
            events += [toy.event("c", 2, lsn=501, name="!"), toy.event("c", 3, lsn=499, name="!")]
            await engine(sink).feed(toy.chunk(events), claim)

    run(act())
    letters = database.execute('SELECT "offset", state FROM overgrow.dead_letter ORDER BY 1').fetchall()
    assert letters == [(0, "superseded"), (2, "open"), (3, "superseded")]


def test_a_letter_of_another_source_history_and_partition_is_a_stamp_without_a_position(
    database: psycopg.Connection[Any], dsn: str
) -> None:
    """After an adoption the key has moved, and positions begin anew: its old letter holds nothing up, and is healed."""
    moved = Part("toy", 1)

    async def act() -> None:
        async with aclosing(PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one", rereads=True)) as sink:
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


def names(database: psycopg.Connection[Any]) -> dict[int, str]:
    return dict(database.execute("SELECT id, name FROM toys").fetchall())


def test_a_target_of_version_1_is_brought_forward_with_what_it_holds(
    database: psycopg.Connection[Any], dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("DROP SCHEMA overgrow CASCADE")
    with monkeypatch.context() as patch:
        patch.setattr(install, "SCHEMA_VERSION", 1)
        install.migrate(database)
    database.execute("INSERT INTO overgrow.pipeline VALUES ('toy', 1, 1, 0)")
    database.execute(
        "INSERT INTO overgrow.checkpoint (pipeline, topic, partition, topic_id, partition_count, epoch, next_offset)"
        " VALUES ('toy', 'toy', 0, 'id', 1, 1, 7)"
    )
    database.execute("INSERT INTO overgrow.generation VALUES ('toy', 'toy', 0, 0, 0, 2)")
    database.execute(
        'INSERT INTO overgrow.dead_letter (pipeline, mapping, topic, partition, epoch, "offset", source_key, _og_off,'
        " kind, cause, state, mapping_version) VALUES ('toy', 'toys', 'toy', 0, 1, 5, '[1]', 5, 'data', '', 'open', 1)"
    )
    install.record_mapping(database, toy.TABLE, "toys")

    async def act() -> None:
        async with aclosing(PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one")) as sink:
            with pytest.raises(
                errors.Refused, match=r"have version 1, this overgrow speaks 2\. Next: `overgrow apply`"
            ):
                await sink.claim([PART])
            install.migrate(database)
            install.migrate(database)  # nothing is left to do
            claimed = (await sink.claim([PART]))[PART]
            assert claimed.next_offset == 7
            await engine(sink).feed(toy.chunk(records("a", start=900), start=7), claimed.claim)

    run(act())
    assert install.installed_version(database) == 2
    assert names(database) == {1: "a"}
    assert database.execute("SELECT state FROM overgrow.dead_letter").fetchone() == ("superseded",)
    assert database.execute("SELECT epoch, number, first_read FROM overgrow.generation").fetchone() == (1, 0, 2)


def test_books_that_do_not_balance_are_refused_by_the_database(database: psycopg.Connection[Any], dsn: str) -> None:
    async def act() -> None:
        sink = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one")
        async with aclosing(sink):
            claim = (await sink.claim([PART]))[PART].claim
            await written(sink, toy.chunk(records("a")), claim)
            before = state(database)
            piece = toy.chunk([*records("b", "!", start=200), toy.event("d", 1, lsn=300)], start=1)
            right = Folder(toy.ToyWire(), toy.ToyCodec()).fold(piece, start=1)
            wrong = replace(right, books=right.books.plus(Books(received=1)))
            with pytest.raises(psycopg.errors.CheckViolation) as refused:
                await sink.write(wrong, claim)
            assert refused.value.diag.constraint_name == "books"
            assert state(database) == before
            assert (await sink.write(right, claim)).books.received == 3
            assert state(database) != before

    run(act())
    assert rangelog.gaps(rangelog.ranges(database)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("DELETE FROM overgrow.checkpoint", "no-checkpoint"),
        ("UPDATE overgrow.mapping_version SET digest = 'another'", "mapping-version"),
        ("INSERT INTO overgrow.version (version) VALUES (99)", "own-tables-version"),
    ],
)
def test_a_claim_is_refused_by_name(database: psycopg.Connection[Any], dsn: str, change: str, code: str) -> None:
    database.execute(change)

    async def act() -> None:
        await PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one").claim([PART])

    with pytest.raises(errors.Refused) as refused:
        run(act())
    assert refused.value.code == code


def test_a_second_snapshot_is_refused_even_in_another_partition(database: psycopg.Connection[Any], dsn: str) -> None:
    database.execute("UPDATE overgrow.generation SET first_read = 7")
    piece = toy.chunk([toy.event("r", 1, snapshot="first_in_data_collection")])

    async def act() -> None:
        sink = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one")
        async with aclosing(sink):
            await written(sink, piece, (await sink.claim([PART]))[PART].claim)

    with pytest.raises(errors.Refused) as refused:
        run(act())
    assert refused.value.code == "second-snapshot"
    assert database.execute("SELECT next_offset FROM overgrow.checkpoint").fetchone() == (0,)


def test_a_letter_keeps_the_record_as_it_was(database: psycopg.Connection[Any], dsn: str) -> None:
    raw = (toy.event("c", 1)[0], b"\x00\xff broken")
    piece = replace(toy.chunk([raw]), headers=[(("h", b"\x01"), ("h", None))])

    async def act() -> Receipt:
        sink = PostgresSink(dsn, {"toy": toy.TABLE}, pipeline="toy", owner="one")
        async with aclosing(sink):
            return await written(sink, piece, (await sink.claim([PART]))[PART].claim)

    assert run(act()).books.set_aside == 1
    row = database.execute(
        "SELECT kind, state, source_key, key, value, header_names, header_values FROM overgrow.dead_letter"
    ).fetchone()
    assert row == ("decode", "open", "[1]", raw[0], raw[1], ["h", "h"], [b"\x01", None])


def test_a_server_that_is_away_is_transient(dsn: str) -> None:
    nowhere = psycopg.conninfo.make_conninfo(dsn, port="1", connect_timeout=1)

    async def act() -> None:
        await PostgresSink(nowhere, {"toy": toy.TABLE}, pipeline="toy", owner="one").claim([PART])

    with pytest.raises(errors.TransientError):
        run(act())
