"""What a row can go through, under live writes: the target's row is the source's at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from legacy_shop.data import UNKNOWN, Customer, OrderLine, RowMaker
from overgrow.stack import Endpoints
from tests.faults.judge import judge
from tests.faults.pipeline import Connection, Pipeline

pytestmark = pytest.mark.stack
# Rows of these tests: the writer knows of none of them, its own customers count up from 1, its orders are W.. and N...
MAKE = RowMaker(7)


@pytest.fixture(scope="module")
def working(shared: Pipeline) -> Pipeline:
    shared.worker()
    return shared


@pytest.fixture
def live(working: Pipeline, endpoints: Endpoints) -> Iterator[Pipeline]:
    """Live writes during the test; the proof at its end."""
    assert endpoints.kafka == working.kafka
    writer = working.writer()
    yield working
    writer.done()
    judge(working)


def _insert(source: Connection, row: Customer | OrderLine) -> None:
    table = "cust_master" if isinstance(row, Customer) else "ord_line"
    source.execute(f"INSERT INTO public.{table} VALUES ({', '.join(['%s'] * len(row))})".encode(), row)


def _row(pipeline: Pipeline, table: str, columns: str, where: str) -> tuple[Any, ...] | None:
    with pipeline.target() as target:
        return target.execute(f"SELECT {columns} FROM crm.{table} WHERE {where}".encode()).fetchone()


def test_poison_is_set_aside_alone_and_healed_by_a_later_update(working: Pipeline, endpoints: Endpoints) -> None:
    assert endpoints.kafka == working.kafka
    writer = working.writer(poison=3)
    working.more_commits(10)
    writer.done()
    with working.source() as source:
        rows = source.execute("SELECT cust_id FROM public.cust_master WHERE stat_cd = %s", [UNKNOWN]).fetchall()
        poisoned = [cust_id for (cust_id,) in rows]
        assert len(poisoned) == 3
        judge(working, letters=poisoned)
        source.execute("UPDATE public.cust_master SET stat_cd = 'A' WHERE stat_cd = %s", [UNKNOWN])
    judge(working)


def test_a_key_changes_and_the_old_one_is_used_again(live: Pipeline) -> None:
    with live.source() as source:
        _insert(source, MAKE.customer(-1, status="A"))
        _insert(source, MAKE.order_line("K1", 1, -1)._replace(qty=11))
        live.drained()
        source.execute("UPDATE public.cust_master SET cust_id = -2 WHERE cust_id = -1")
        source.execute("UPDATE public.ord_line SET ord_no = 'K2', line_no = 5, qty = 12 WHERE ord_no = 'K1'")
        live.drained()
        assert _row(live, "order_lines", "line_no, quantity", "order_no = 'K2'") == (5, 12)
        assert _row(live, "order_lines", "1", "order_no = 'K1'") is None
        _insert(source, MAKE.order_line("K1", 1, -2)._replace(qty=13))
        live.drained()
    assert _row(live, "order_lines", "line_no, quantity", "order_no = 'K1'") == (1, 13)
    assert _row(live, "customers", "1", "customer_id = -1") is None
    assert _row(live, "customers", "1", "customer_id = -2") == (1,)


def test_deleted_then_inserted_again(live: Pipeline) -> None:
    with live.source() as source:
        _insert(source, MAKE.customer(-10, status="A")._replace(cust_nm="first"))
        live.drained()
        source.execute("DELETE FROM public.cust_master WHERE cust_id = -10")
        live.drained()
        assert _row(live, "customers", "1", "customer_id = -10") is None
        _insert(source, MAKE.customer(-10, status="A")._replace(cust_nm="second"))
        live.drained()
        assert _row(live, "customers", "name", "customer_id = -10") == ("second",)
        with source.transaction():
            source.execute("DELETE FROM public.cust_master WHERE cust_id = -10")
            _insert(source, MAKE.customer(-10, status="A")._replace(cust_nm="third"))
        live.drained()
    assert _row(live, "customers", "name", "customer_id = -10") == ("third",)


def test_a_transaction_that_is_rolled_back_leaves_nothing(live: Pipeline) -> None:
    with live.source() as source:
        _insert(source, MAKE.customer(-20, status="A")._replace(cust_nm="kept"))
        with source.transaction(force_rollback=True):
            source.execute("UPDATE public.cust_master SET cust_nm = 'undone' WHERE cust_id = -20")
            _insert(source, MAKE.customer(-21, status="A"))
            source.execute("DELETE FROM public.ord_line")
        live.drained()
    assert _row(live, "customers", "name", "customer_id = -20") == ("kept",)
    assert _row(live, "customers", "1", "customer_id = -21") is None
    with live.target() as target:
        left = target.execute("SELECT 1 FROM overgrow.tombstone WHERE source_key = '[-21]'").fetchone()
    assert left is None


def test_an_unchanged_large_value_does_not_travel_and_stays(live: Pipeline) -> None:
    note = MAKE.large_note()
    with live.source() as source:
        _insert(source, MAKE.customer(-30, status="A")._replace(notes=note, bal_amt="1.00"))
        live.drained()
        source.execute("UPDATE public.cust_master SET bal_amt = 2.50 WHERE cust_id = -30")
    live.drained()
    assert _row(live, "customers", "balance_cents, notes", "customer_id = -30") == (250, note)
    assert live.folded(f"{live.name}.public.cust_master").partial > 0
