"""The live writer's transactions, run against tables in memory: each statement finds the rows it says it changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from legacy_shop import seed, trade
from legacy_shop.data import CLOSED, UNKNOWN, Customer, OrderLine, RowMaker
from legacy_shop.keys import Keys, Pool, TradeKeys
from legacy_shop.statements import Statement, Transaction
from legacy_shop.traffic import KINDS, Traffic

ROWS: dict[str, Any] = {  # the named tuple of each table
    "ctry": trade.Country,
    "cust_master": Customer,
    "addr_book": trade.Address,
    "prod_master": trade.Product,
    "ord_head": trade.Order,
    "ord_line": OrderLine,
    "pymt": trade.Payment,
    "vchr": trade.Voucher,
    "web_log": trade.PageView,
}
UNIQUE: dict[str, list[tuple[str, ...]]] = {
    "ctry": [("ctry_cd",)],
    "cust_master": [("cust_id",)],
    "addr_book": [("addr_id",)],
    "prod_master": [("sku",)],
    "ord_head": [("ord_no",)],
    "ord_line": [("ord_no", "line_no")],
    "pymt": [("pay_id",)],
    "vchr": [("vchr_id",), ("vchr_cd",)],
    "web_log": [],
}
VERB = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM) public\.(\w+)(?: SET (.*?))?(?: WHERE (.*))?(?: VALUES .*)?")
Row = dict[str, Any]


class Shop:
    """The tables in memory: as much of SQL as the writer's statements need."""

    def __init__(self, rows: int) -> None:
        self.tables: dict[str, list[Row]] = {
            "ctry": self._rows(trade.COUNTRIES[: seed.split(rows).countries]),
            "cust_master": self._rows(seed.customers(rows, 1)),
            "addr_book": self._rows(seed.addresses(rows, 1)),
            "prod_master": self._rows(seed.products(rows, 1)),
            "ord_head": self._rows(seed.orders(rows, 1)),
            "ord_line": self._rows(seed.order_lines(rows, 1)),
            "pymt": self._rows(seed.payments(rows, 1)),
            "vchr": self._rows(seed.vouchers(rows, 1)),
            "web_log": self._rows(seed.page_views(rows, 1)),
        }

    @staticmethod
    def _rows(made: Iterable[Any]) -> list[Row]:
        return [row._asdict() for row in made]

    @property
    def statuses(self) -> list[str]:
        return [row["stat_cd"] for row in self.tables["cust_master"]]

    def column(self, table: str, name: str, **equal: object) -> list[Any]:
        return [row[name] for row in self.tables[table] if equal.items() <= row.items()]

    def keys(self) -> Keys:
        customers = self.tables["cust_master"]
        return Keys(
            active=[row["cust_id"] for row in customers if row["stat_cd"] != CLOSED],
            closed=[row["cust_id"] for row in customers if row["stat_cd"] == CLOSED],
            lines=sorted((row["ord_no"], row["line_no"]) for row in self.tables["ord_line"]),
            trade=self._trade(),
        )

    def _trade(self) -> TradeKeys:
        keys = TradeKeys(
            countries=Pool(self.column("ctry", "ctry_cd")),
            addresses=Pool(self.column("addr_book", "addr_id", del_flag="N")),
            removed_addresses=Pool(self.column("addr_book", "addr_id", del_flag="Y")),
            products=Pool(self.column("prod_master", "sku", del_flag="N")),
            discontinued=Pool(self.column("prod_master", "sku", del_flag="Y")),
            heads=Pool(self.column("ord_head", "ord_no")),
            free_vouchers=Pool(self.column("vchr", "vchr_id", vchr_cd=None)),
            next_address=1 + len(self.tables["addr_book"]),
            next_product=1 + len(self.tables["prod_master"]),
            next_payment=1 + len(self.tables["pymt"]),
            next_voucher=1 + len(self.tables["vchr"]),
        )
        for row in self.tables["vchr"]:
            if row["vchr_cd"] is not None:
                keys.hold(row["vchr_id"], row["vchr_cd"])
        for row in self.tables["pymt"]:
            keys.payments.setdefault(row["ord_no"], []).append(row["pay_id"])
        return keys

    def run(self, transaction: Transaction) -> None:
        before = middle = self._copy()
        for statement in transaction.statements:
            if statement.sql.startswith("SAVEPOINT"):
                middle = self._copy()
            elif statement.sql.startswith("ROLLBACK TO"):
                self.tables = middle
            else:
                assert self._apply(statement) == statement.rows, statement
                self._no_two_of_one_key(statement)
        if not transaction.commit:
            self.tables = before

    def _copy(self) -> dict[str, list[Row]]:
        return {table: [dict(row) for row in rows] for table, rows in self.tables.items()}

    def _apply(self, statement: Statement) -> int:
        match = VERB.fullmatch(statement.sql)
        assert match is not None, statement.sql
        verb, table, changed, found = match.groups()
        if verb == "INSERT INTO":
            self.tables[table].append(dict(zip(ROWS[table]._fields, statement.values, strict=True)))
            return 1
        values = list(statement.values)
        fields = {} if changed == "bal_amt = bal_amt" else {name: values.pop(0) for name in _names(changed, ", ")}
        where = dict(zip(_names(found, " AND "), values, strict=True))
        hit = [row for row in self.tables[table] if where.items() <= row.items()]
        if verb == "DELETE FROM":
            self.tables[table] = [row for row in self.tables[table] if row not in hit]
        for row in hit if verb == "UPDATE" else ():
            entering = row.get("stat_cd") == CLOSED and fields.get("stat_cd", CLOSED) != CLOSED
            assert not entering or "notes" in fields, "a row that enters the filter brings its note along"
            row.update(fields)
        return len(hit)

    def _no_two_of_one_key(self, statement: Statement) -> None:
        match = VERB.fullmatch(statement.sql)
        assert match is not None
        for columns in UNIQUE[match[2]]:
            keys = [tuple(row[name] for name in columns) for row in self.tables[match[2]]]
            given = [key for key in keys if None not in key]
            assert len(given) == len(set(given)), statement


def _names(listed: str | None, between: str) -> list[str]:
    return [one.removesuffix(" = %s") for one in listed.split(between)] if listed else []


def traffic(shop: Shop, *, number: int = 1, poison: int = 0) -> Traffic:
    return Traffic(shop.keys(), seed=number, next_customer=1_000_000, next_order=1, poison=poison)


@pytest.mark.parametrize("rows", [0, 10, 800])
def test_every_statement_changes_the_rows_it_says(rows: int) -> None:
    shop = Shop(rows)
    source = traffic(shop)
    for _ in range(1500):
        shop.run(source.next())
    assert [table for table, made in shop.tables.items() if not made] == ([] if rows > 100 else ["ctry"])
    assert CLOSED in shop.statuses
    assert set(shop.column("pymt", "ord_no")) <= set(shop.column("ord_head", "ord_no")), "no payment without its order"


def test_every_kind_happens_and_none_dominates() -> None:
    shop = Shop(2000)
    source = traffic(shop)
    seen = [source.next().kind for _ in range(3000)]
    assert set(seen) == {kind.__name__ for kind in KINDS}
    assert max(seen.count(kind) for kind in set(seen)) < len(seen) / 2


def test_same_seed_same_traffic() -> None:
    shop = Shop(500)
    one, same, other = (traffic(shop, number=number) for number in (1, 1, 2))
    assert [one.next() for _ in range(300)] == [same.next() for _ in range(300)]
    assert one.next() != other.next()


def test_what_is_rolled_back_is_no_change() -> None:
    source = traffic(Shop(500))
    assert source.rolled_back().changes == 0
    assert source.savepoint().changes == 2
    assert source.short_lived().changes == 3


def test_many_transactions_span_several_tables() -> None:
    shop = Shop(2000)
    source = traffic(shop)
    spans = {
        len({VERB.fullmatch(one.sql)[2] for one in done.statements if one.counts})  # type: ignore[index]  # all match
        for done in (source.order_placed(), source.order_shipped(), source.order_cancelled())
    }
    assert max(spans) >= 4
    assert min(spans) >= 2


def test_a_code_goes_to_another_voucher_within_one_transaction() -> None:
    shop = Shop(2000)
    source = traffic(shop)
    before = {row["vchr_cd"]: row["vchr_id"] for row in shop.tables["vchr"] if row["vchr_cd"]}
    for kind in (source.voucher_swap, source.voucher_handover, source.voucher_release, source.voucher_give):
        for _ in range(10):
            shop.run(kind())
    after = {row["vchr_cd"]: row["vchr_id"] for row in shop.tables["vchr"] if row["vchr_cd"]}
    assert sum(after[code] != before[code] for code in after.keys() & before.keys()) >= 10


def test_a_page_view_is_no_change_that_anyone_streams() -> None:
    source = traffic(Shop(500))
    (address, view) = source.address_insert().statements
    assert (address.counts, view.counts, view.rows) == (True, False, 1)


def test_poison_comes_first_and_exactly_as_often_as_asked() -> None:
    shop = Shop(100)
    source = traffic(shop, poison=2)
    for _ in range(500):
        shop.run(source.next())
    assert shop.statuses.count(UNKNOWN) == 2


def test_a_pool_gives_each_member_and_no_other() -> None:
    pool, make = Pool([1, 2, 3, 3]), RowMaker(1)
    pool.remove(1)
    pool.add(4)
    assert {pool.pick(make) for _ in range(100)} == {2, 3, 4}
    assert len(pool) == 3
    with pytest.raises(KeyError):
        pool.remove(1)


def test_a_vacated_line_number_is_used_again() -> None:
    keys = Keys(active=[], closed=[], lines=[("A", 1), ("A", 2), ("A", 3)])
    keys.remove_line("A", 2)
    assert keys.free_line("A") == 2
    assert keys.free_line("new") == 1
