"""The seeded rows: the same everywhere, hostile where they should be, and inside every declared bound."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from legacy_shop import seed
from legacy_shop.data import CLOSED, EDGE_TIMES, UNKNOWN, Customer, OrderLine, RowMaker
from legacy_shop.texts import HOSTILE, LATIN1, UNICODE, Texts, fitting, in_latin1
from legacy_shop.trade import COUNTRIES, DELETED

LONDON = ZoneInfo("Europe/London")
CATALOGUE = Path(__file__).parents[3] / "schemas" / "source"
ROWS = 10_000


@pytest.fixture(scope="module")
def customers() -> list[Customer]:
    return list(seed.customers(ROWS, 7))


@pytest.fixture(scope="module")
def lines() -> list[OrderLine]:
    return list(seed.order_lines(ROWS, 7))


def made(rows: int, number: int, texts: Texts = UNICODE) -> dict[str, list[Any]]:
    makers: dict[str, Callable[..., Iterable[Any]]] = {
        "cust_master": seed.customers,
        "addr_book": seed.addresses,
        "prod_master": seed.products,
        "ord_head": seed.orders,
        "ord_line": seed.order_lines,
        "pymt": seed.payments,
        "vchr": seed.vouchers,
        "web_log": seed.page_views,
    }
    return {
        "ctry": list(COUNTRIES),
        **{table: list(maker(rows, number, texts=texts)) for table, maker in makers.items()},
    }


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Any]]:
    return made(ROWS, 7)


def digest(rows: int, number: int) -> str:
    return hashlib.sha256(
        repr([tuple(row) for rows in made(rows, number).values() for row in rows]).encode()
    ).hexdigest()


def exists_once(text: str) -> bool:
    local = datetime.fromisoformat(text)
    first, second = (local.replace(tzinfo=LONDON, fold=fold).utcoffset() for fold in (0, 1))
    return first == second


def test_same_seed_same_data() -> None:
    assert digest(500, 1) == digest(500, 1)
    assert digest(500, 1) != digest(500, 2)


def test_the_data_of_seed_1_is_this_data_on_every_machine() -> None:
    assert digest(500, 1) == "ac2796a344924df65132fc3c5502556c8ddc60f2ff7957e38143312819aacd48"


def test_rows_are_the_total_over_all_streamed_tables(tables: dict[str, list[Any]]) -> None:
    assert sum(len(rows) for table, rows in tables.items() if table != "web_log") == ROWS
    assert [len(rows) for rows in tables.values()] != [0] * len(tables)
    keys = {
        "cust_master": 1,
        "addr_book": 1,
        "prod_master": 1,
        "ord_head": 1,
        "ord_line": 2,
        "pymt": 1,
        "vchr": 1,
        "ctry": 1,
    }
    for table, width in keys.items():
        assert len({row[:width] for row in tables[table]}) == len(tables[table]), table
    assert {row.cust_id for row in tables["ord_line"]} <= {row.cust_id for row in tables["cust_master"]}
    assert {row.ord_no for row in tables["ord_line"]} == {row.ord_no for row in tables["ord_head"]}
    assert {row.ord_no for row in tables["pymt"]} <= {row.ord_no for row in tables["ord_head"]}


@pytest.mark.parametrize("rows", [0, 1, 10, 20, 99, 500, 50_000])
def test_no_table_gets_a_negative_number_of_rows(rows: int) -> None:
    counts = seed.split(rows)
    assert min(counts) >= 0
    assert sum(counts) - counts.page_views == rows


def test_a_code_belongs_to_one_voucher_and_an_article_number_differs_in_more_than_its_case(
    tables: dict[str, list[Any]],
) -> None:
    codes = [row.vchr_cd for row in tables["vchr"] if row.vchr_cd is not None]
    assert len(codes) == len(set(codes)) > 0
    assert len({row.sku.upper() for row in tables["prod_master"]}) == len(tables["prod_master"])


def test_some_rows_are_flagged_as_deleted_and_some_page_views_are_there_twice(tables: dict[str, list[Any]]) -> None:
    for table in ("addr_book", "prod_master"):
        flagged = sum(row.del_flag == DELETED for row in tables[table]) / len(tables[table])
        assert 0.02 < flagged < 0.2, table
    assert len(set(tables["web_log"])) < len(tables["web_log"])


def test_every_local_time_exists_exactly_once(
    customers: list[Customer], lines: list[OrderLine], tables: dict[str, list[Any]]
) -> None:
    times = [row.crt_dt for row in customers] + [row.chg_ts for row in lines]
    times += [row.ord_ts for row in tables["ord_head"]] + [row.upd_ts for row in tables["vchr"]]
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
    values = [
        value for rows in made(ROWS, 7, LATIN1).values() for row in rows for value in row if isinstance(value, str)
    ]
    assert [text for text in values if not in_latin1(text)] == []
    assert set(LATIN1.hostile) <= set(values)
    assert {"é", "ü", "ß", "£"} <= set("".join(values))


@pytest.mark.parametrize(("encoding", "texts"), [("LATIN1", LATIN1), ("UTF8", UNICODE), (None, UNICODE)])
def test_the_texts_follow_the_encoding(encoding: str | None, texts: Texts) -> None:
    assert fitting(encoding) is texts


@pytest.mark.parametrize("table", sorted(path.stem.removeprefix("public.") for path in CATALOGUE.glob("*.yaml")))
def test_text_fits_the_declared_width(table: str, tables: dict[str, list[Any]]) -> None:
    catalogue = yaml.safe_load((CATALOGUE / f"public.{table}.yaml").read_text())["columns"]
    rows = tables[table]
    assert tuple(catalogue) == type(rows[0])._fields
    for name, column in catalogue.items():
        values = [getattr(row, name) for row in rows]
        assert column["nullable"] == (None in values), name
        if width := re.fullmatch(r"(?:var)?char\((\d+)\)", column["type"]):
            assert max(len(value) for value in values if value is not None) <= int(width[1]), name


def test_some_customers_are_closed_and_balances_are_bounded(customers: list[Customer]) -> None:
    assert 0.01 < sum(row.stat_cd == CLOSED for row in customers) / len(customers) < 0.1
    assert all(abs(float(row.bal_amt)) <= 5_000_000 for row in customers)


@pytest.mark.parametrize("poison", [0, 1, 3, 200])
def test_poison_is_exactly_so_many_rows(poison: int) -> None:
    assert sum(row.stat_cd == UNKNOWN for row in seed.customers(1000, 1, poison=poison)) == poison


def test_numbers_below_a_limit_reach_both_ends() -> None:
    make = RowMaker(1)
    assert {make.below(3) for _ in range(100)} == {0, 1, 2}
