"""The live writer's transactions, run against two sets of keys: each statement finds the rows it says it changes."""

from __future__ import annotations

from typing import Any

import pytest

from legacy_shop import seed
from legacy_shop.data import CLOSED, UNKNOWN, RowMaker
from legacy_shop.keys import Keys, Pool
from legacy_shop.traffic import KINDS, Statement, Traffic, Transaction


class Shop:
    """Only the keys of the two tables, and which customers are closed."""

    def __init__(self, rows: int) -> None:
        self.customers = {row.cust_id: row.stat_cd for row in seed.customers(rows, 1)}
        self.lines = {(row.ord_no, row.line_no) for row in seed.order_lines(rows, 1)}

    def keys(self) -> Keys:
        return Keys(
            active=[key for key, status in self.customers.items() if status != CLOSED],
            closed=[key for key, status in self.customers.items() if status == CLOSED],
            lines=sorted(self.lines),
        )

    def run(self, transaction: Transaction) -> None:
        before = (dict(self.customers), set(self.lines))
        middle = before
        for statement in transaction.statements:
            if statement.sql.startswith("SAVEPOINT"):
                middle = (dict(self.customers), set(self.lines))
            elif statement.sql.startswith("ROLLBACK TO"):
                self.customers, self.lines = middle
            else:
                assert self._apply(statement) == statement.rows, statement
        if not transaction.commit:
            self.customers, self.lines = before

    def _apply(self, statement: Statement) -> int:
        verb, table = statement.sql.split()[0], "cust" if "cust_master" in statement.sql else "line"
        return int(getattr(self, f"_{verb.lower()}_{table}")(statement.sql, statement.values))

    def _insert_cust(self, _: str, values: tuple[Any, ...]) -> int:
        assert values[0] not in self.customers
        self.customers[values[0]] = values[2]
        return 1

    def _delete_cust(self, _: str, values: tuple[Any, ...]) -> int:
        return self.customers.pop(values[0], None) is not None

    def _update_cust(self, sql: str, values: tuple[Any, ...]) -> int:
        key = values[-1]
        if "stat_cd" in sql:
            entering = self.customers[key] == CLOSED and values[0] != CLOSED
            assert not entering or "notes" in sql, "a row that enters the filter brings its note along"
            self.customers[key] = values[0]
        return key in self.customers

    def _insert_line(self, _: str, values: tuple[Any, ...]) -> int:
        assert (values[0], values[1]) not in self.lines
        self.lines.add((values[0], values[1]))
        return 1

    def _delete_line(self, _: str, values: tuple[Any, ...]) -> int:
        count = len(self.lines)
        self.lines.discard((values[0], values[1]))
        return count - len(self.lines)

    def _update_line(self, sql: str, values: tuple[Any, ...]) -> int:
        if sql.endswith("WHERE ord_no = %s"):
            moved = {line for line in self.lines if line[0] == values[1]}
            self.lines = self.lines - moved | {(values[0], number) for _, number in moved}
            return len(moved)
        if values[-2:] not in self.lines:
            return 0
        if "SET ord_no" in sql:
            self.lines.remove(values[-2:])
            assert values[:2] not in self.lines
            self.lines.add(values[:2])
        return 1


def traffic(shop: Shop, *, number: int = 1, poison: int = 0) -> Traffic:
    return Traffic(shop.keys(), seed=number, next_customer=1_000_000, next_order=1, poison=poison)


@pytest.mark.parametrize("rows", [0, 10, 2000])
def test_every_statement_changes_the_rows_it_says(rows: int) -> None:
    shop = Shop(rows)
    source = traffic(shop)
    for _ in range(3000):
        shop.run(source.next())
    assert shop.lines
    assert CLOSED in shop.customers.values()


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


def test_poison_comes_first_and_exactly_as_often_as_asked() -> None:
    shop = Shop(100)
    source = traffic(shop, poison=2)
    for _ in range(500):
        shop.run(source.next())
    assert list(shop.customers.values()).count(UNKNOWN) == 2


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
