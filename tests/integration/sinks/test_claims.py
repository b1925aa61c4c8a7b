"""Whose partition it is, and where it stands: claims, evictions, holes, refusals by name."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from overgrow import errors
from overgrow.apply import ClaimLost, Hole, Moved
from overgrow.model import Claim
from overgrow.sinks.postgres import PostgresSink, install
from overgrow.testing import toy
from tests.integration.sinks.play import PART, records, run, toy_sink, written

pytestmark = pytest.mark.stack


def test_a_claim_ends_the_claims_before_it(database: psycopg.Connection[Any], dsn: str) -> None:
    async def act() -> None:
        old = toy_sink(dsn, owner="old")
        new = toy_sink(dsn, owner="new")
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
        sink = toy_sink(dsn)
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
        sink = toy_sink(dsn, owner="new")
        return (await sink.claim([PART]))[PART].claim

    with closing(zombie):
        before = database.execute("SELECT claim FROM overgrow.checkpoint").fetchone()
        assert before == (run(act()).number - 1,)
        with pytest.raises(psycopg.OperationalError):
            zombie.execute("SELECT 1")
    assert database.execute("SELECT owner FROM overgrow.checkpoint").fetchone() == ("new",)


def test_a_newer_mapping_text_ends_the_claims_of_the_older(database: psycopg.Connection[Any], dsn: str) -> None:
    async def act() -> None:
        async with aclosing(toy_sink(dsn, owner="old")) as sink:
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
        await toy_sink(dsn).claim([PART])

    with pytest.raises(errors.Refused) as refused:
        run(act())
    assert refused.value.code == code


def test_a_second_snapshot_is_refused_even_in_another_partition(database: psycopg.Connection[Any], dsn: str) -> None:
    database.execute("UPDATE overgrow.generation SET first_read = 7")
    piece = toy.chunk([toy.event("r", 1, snapshot="first_in_data_collection")])

    async def act() -> None:
        sink = toy_sink(dsn)
        async with aclosing(sink):
            await written(sink, piece, (await sink.claim([PART]))[PART].claim)

    with pytest.raises(errors.Refused) as refused:
        run(act())
    assert refused.value.code == "second-snapshot"
    assert database.execute("SELECT next_offset FROM overgrow.checkpoint").fetchone() == (0,)


def test_a_server_that_is_away_is_transient(dsn: str) -> None:
    nowhere = psycopg.conninfo.make_conninfo(dsn, port="1", connect_timeout=1)

    async def act() -> None:
        await toy_sink(nowhere).claim([PART])

    with pytest.raises(errors.TransientError):
        run(act())
