"""The seeded rows: the same everywhere, hostile where they should be, and inside every declared bound."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from legacy_shop import seed
from legacy_shop.data import CLOSED, EDGE_TIMES, UNKNOWN, Customer, OrderLine, RowMaker
from legacy_shop.texts import HOSTILE, LATIN1, UNICODE, Texts, fitting, in_latin1

LONDON = ZoneInfo("Europe/London")
CATALOGUE = Path(__file__).parents[3] / "schemas" / "source"
ROWS = 10_000


@pytest.fixture(scope="module")
def customers() -> list[Customer]:
    return list(seed.customers(ROWS, 7))


@pytest.fixture(scope="module")
def lines() -> list[OrderLine]:
    return list(seed.order_lines(ROWS, 7))


def digest(rows: int, number: int) -> str:
    made = [*seed.customers(rows, number), *seed.order_lines(rows, number)]
    return hashlib.sha256(repr([tuple(row) for row in made]).encode()).hexdigest()


def exists_once(text: str) -> bool:
    local = datetime.fromisoformat(text)
    first, second = (local.replace(tzinfo=LONDON, fold=fold).utcoffset() for fold in (0, 1))
    return first == second


def test_same_seed_same_data() -> None:
    assert digest(500, 1) == digest(500, 1)
    assert digest(500, 1) != digest(500, 2)


def test_the_data_of_seed_1_is_this_data_on_every_machine() -> None:
    assert digest(500, 1) == "1038c150960559601569a91edca3ebf050d1b9469f528881273ec71754d6f543"


def test_rows_are_the_total_over_both_tables(customers: list[Customer], lines: list[OrderLine]) -> None:
    assert len(customers) + len(lines) == ROWS
    assert len({row.cust_id for row in customers}) == len(customers)
    assert len({(row.ord_no, row.line_no) for row in lines}) == len(lines)
    assert {row.cust_id for row in lines} <= {row.cust_id for row in customers}


def test_every_local_time_exists_exactly_once(customers: list[Customer], lines: list[OrderLine]) -> None:
    times = [row.crt_dt for row in customers] + [row.chg_ts for row in lines]
    assert [text for text in times if not exists_once(text)] == []
    assert set(EDGE_TIMES) <= set(times)
    assert not exists_once("2024-03-31 01:30:00")
    assert not exists_once("2024-10-27 01:30:00")


def test_large_notes_cannot_be_compressed_below_a_page(customers: list[Customer]) -> None:
    large = [row.notes for row in customers if row.notes is not None and len(row.notes) > 1000]
    assert 0.02 < len(large) / len(customers) < 0.15
    assert all(len(text) > 8192 for text in large)
    assert len(set(large)) == len(large)


def test_every_hostile_text_is_in_both_tables(customers: list[Customer], lines: list[OrderLine]) -> None:
    assert set(HOSTILE) <= {row.notes for row in customers}
    assert set(HOSTILE) <= {row.addr_2 for row in customers}
    assert set(HOSTILE) <= {row.rmk for row in lines}


def test_a_latin1_database_gets_only_what_it_can_hold() -> None:
    rows = [*seed.customers(ROWS, 7, texts=LATIN1), *seed.order_lines(ROWS, 7, texts=LATIN1)]
    values = [value for row in rows for value in row if isinstance(value, str)]
    assert [text for text in values if not in_latin1(text)] == []
    assert set(LATIN1.hostile) <= set(values)
    assert {"é", "ü", "ß", "£"} <= set("".join(values))


@pytest.mark.parametrize(("encoding", "texts"), [("LATIN1", LATIN1), ("UTF8", UNICODE), (None, UNICODE)])
def test_the_texts_follow_the_encoding(encoding: str | None, texts: Texts) -> None:
    assert fitting(encoding) is texts


@pytest.mark.parametrize("table", ["cust_master", "ord_line"])
def test_text_fits_the_declared_width(table: str, customers: list[Customer], lines: list[OrderLine]) -> None:
    catalogue = yaml.safe_load((CATALOGUE / f"public.{table}.yaml").read_text())["columns"]
    rows = customers if table == "cust_master" else lines
    assert tuple(catalogue) == type(rows[0])._fields
    for name, column in catalogue.items():
        values = [getattr(row, name) for row in rows]
        assert column["nullable"] == (None in values), name
        if width := re.fullmatch(r"(?:var)?char\((\d+)\)", column["type"]):
            assert max(len(value) for value in values if value is not None) <= int(width[1]), name


def test_some_customers_are_closed_and_balances_are_bounded(customers: list[Customer]) -> None:
    assert 0.01 < sum(row.stat_cd == CLOSED for row in customers) / len(customers) < 0.1
    assert all(abs(float(row.bal_amt)) <= 5_000_000 for row in customers)


@pytest.mark.parametrize("poison", [0, 1, 3, 400])
def test_poison_is_exactly_so_many_rows(poison: int) -> None:
    assert sum(row.stat_cd == UNKNOWN for row in seed.customers(1000, 1, poison=poison)) == poison


def test_numbers_below_a_limit_reach_both_ends() -> None:
    make = RowMaker(1)
    assert {make.below(3) for _ in range(100)} == {0, 1, 2}
