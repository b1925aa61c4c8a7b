"""overgrow's own tables in the target: brought forward from version 1, and books that must balance."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from overgrow import errors
from overgrow.apply import Folder
from overgrow.apply.batch import Books
from overgrow.sinks.postgres import install
from overgrow.testing import rangelog, toy
from tests.integration.sinks.play import PART, engine, names, records, run, state, toy_sink, written

pytestmark = pytest.mark.stack


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
        async with aclosing(toy_sink(dsn)) as sink:
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
        sink = toy_sink(dsn)
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
