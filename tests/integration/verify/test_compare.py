"""What the target's types say: rows they refuse, values they call equal, columns without an equality of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from overgrow.mapping import TablePlan
from overgrow.reconcile.compare import unequal_query
from overgrow.reconcile.expected import BATCH_ROWS, Expected, Line
from overgrow.reconcile.judge import Unequal
from overgrow.sinks.postgres import Table
from tests.integration.verify.pipeline import Pipeline

pytestmark = pytest.mark.stack
SMALLEST, LARGEST = -32768, 32767
TYPES = {"id": "smallint", "amount": "numeric", "doc": "json", "place": "point"}
HORIZON = 100


@dataclass(frozen=True)
class Toy:
    """A target table whose types matter, in a session of its own."""

    connection: psycopg.Connection[Any]
    table: Table
    expected: Expected

    def fill(self, *rows: tuple[str, ...]) -> None:
        self.expected.fill(line(*row) for row in rows)

    def unequal(self) -> list[Unequal]:
        columns = tuple(
            SimpleNamespace(name=name, type_text=kind, type=None if kind == "point" else kind)
            for name, kind in TYPES.items()
        )
        plan = cast("TablePlan", SimpleNamespace(target_columns=columns))
        query = unequal_query(self.table, plan, self.expected.name, HORIZON)
        return [Unequal(*row) for row in self.connection.execute(query).fetchall()]

    def causes(self) -> dict[str, tuple[int | None, str]]:
        query = "SELECT _key, id, _cause FROM pg_temp.og_expected_toy WHERE _cause IS NOT NULL"
        return {key: (found, cause) for key, found, cause in self.connection.execute(query).fetchall()}


def line(number: str, *values: str) -> Line:
    text = "\t".join((number, *values))
    return Line(f"[{number}]", text, None, lambda: "\t".join((number, *["\\N"] * len(values))))


@pytest.fixture
def toy(pipeline: Pipeline) -> Iterator[Toy]:
    any_table = next(iter(pipeline.deployment.tables.values()))
    table = replace(any_table, mapping="toy", target="pg_temp.toy", columns=tuple(TYPES), key=("id",), keyed=True)
    with psycopg.connect(pipeline.env["OVERGROW_TARGET_DSN"], autocommit=True) as connection:
        connection.execute(
            "CREATE TEMP TABLE toy (id smallint PRIMARY KEY, amount numeric, doc json, place point, _og_off bigint,"
            " _og_lsn bigint, _og_xid bigint, _og_key text)"
        )
        expected = Expected(connection, table)
        expected.make()
        yield Toy(connection, table, expected)


def test_a_row_that_the_types_refuse_is_kept_with_its_cause_and_the_others_are_there(toy: Toy) -> None:
    good = [(str(number), "1", "{}", "(0,0)") for number in range(SMALLEST, SMALLEST + BATCH_ROWS)]
    toy.fill(*good, ("7", "much", "{}", "(0,0)"), (str(LARGEST + 1), "1", "{}", "(0,0)"), ("8", "1", "{}", "(0,0)"))
    causes = toy.causes()
    assert causes["[7]"][0] == 7
    assert causes["[7]"][1].startswith("SQLSTATE 22P02: ")
    assert causes[f"[{LARGEST + 1}]"][0] is None, "a key that does not fit is known by the source key alone"
    assert causes[f"[{LARGEST + 1}]"][1].startswith("SQLSTATE 22003: ")
    assert len(causes) == 2
    rows = toy.connection.execute("SELECT count(*) FROM pg_temp.og_expected_toy").fetchone()
    assert rows == (BATCH_ROWS + 3,)


def test_equality_is_the_types_own(toy: Toy) -> None:
    toy.connection.execute(
        "INSERT INTO toy VALUES (1, 1.50, '{\"a\":  1, \"b\": null}', '(1,2)', 5, 5, NULL, '[1]'),"
        " (2, NULL, NULL, NULL, 5, 5, NULL, '[2]')"
    )
    toy.fill(("1", "1.5", '{"b": null, "a": 1}', "(1.0,2)"), ("2", "\\N", "\\N", "\\N"))
    assert toy.unequal() == []


def test_columns_without_an_equality_are_still_compared(toy: Toy) -> None:
    toy.connection.execute(
        "INSERT INTO toy VALUES (1, 1, '{\"a\": 1}', '(1,2)', 5, 5, NULL, '[1]'), (2, 1, '{}', '(1,2)', 5, 5, 9, '[2]')"
    )
    toy.fill(("1", "1", '{"a": 2}', "(1,2)"), ("2", "1", "{}", "(1,3)"))
    first, second = toy.unequal()
    assert list(first.differs) == [False, False, True, False]
    assert list(second.differs) == [False, False, False, True]
    assert (second.expected[3], second.actual[3], second.writer) == ("(1,3)", "(1,2)", 9)


def test_null_is_a_value(toy: Toy) -> None:
    toy.connection.execute("INSERT INTO toy VALUES (1, NULL, '{}', '(1,2)', 5, 5, NULL, '[1]')")
    toy.fill(("1", "0", "{}", "(1,2)"))
    assert [list(row.differs) for row in toy.unequal()] == [[False, True, False, False]]
