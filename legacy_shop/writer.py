"""Keeps the legacy shop busy: `python -m legacy_shop.writer --dsn DSN --rate R --seconds T --seed S [--json]`.

One connection, one transaction after the other, never more than R row changes a second (after a stall it catches up
by a quarter of a second, no more), for T seconds or C changes. SIGTERM and SIGINT end it after the transaction at
hand, with the report. Keys are read at the start; it must be the only writer, and says so when it is not.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import time
from types import FrameType
from typing import Any

import click
import psycopg

from legacy_shop.data import CLOSED, UNKNOWN
from legacy_shop.keys import Keys, Pool, TradeKeys
from legacy_shop.seed import repertoire
from legacy_shop.statements import Transaction
from legacy_shop.traffic import Traffic

_CATCH_UP_SECONDS = 0.25
_LONGEST_SLEEP_SECONDS = 0.05  # a signal is noticed after this much sleep at the latest


@dataclasses.dataclass(slots=True, kw_only=True)
class Report:
    """What was done; `changes` are committed row changes, by kind of transaction in `by_kind`."""

    changes: int = 0
    transactions: int = 0
    rolled_back: int = 0
    by_kind: dict[str, int] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0

    def add(self, transaction: Transaction) -> None:
        """Count a transaction that was run."""
        if transaction.commit:
            self.transactions += 1
            self.changes += transaction.changes
            self.by_kind[transaction.kind] = self.by_kind.get(transaction.kind, 0) + transaction.changes
        else:
            self.rolled_back += 1


class Stop:
    """Set by a signal."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """From now on SIGTERM and SIGINT ask to stop."""
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self.asked = True


def read_keys(connection: psycopg.Connection) -> tuple[Keys, int, int]:
    """The rows there are, and the next numbers for customers and orders; poisoned customers are left alone."""
    customers = connection.execute("SELECT cust_id, stat_cd FROM public.cust_master ORDER BY cust_id").fetchall()
    lines = connection.execute(
        """SELECT rtrim(ord_no::text), line_no FROM public.ord_line ORDER BY ord_no COLLATE "C", line_no"""
    ).fetchall()
    keys = Keys(
        active=[cust_id for cust_id, status in customers if status not in (CLOSED, UNKNOWN)],
        closed=[cust_id for cust_id, status in customers if status == CLOSED],
        lines=lines,
        trade=_read_trade(connection),
    )
    numbered = {*(ord_no for ord_no, _ in lines), *keys.trade.heads, *keys.trade.payments}
    next_order = 1 + max((int(ord_no[1:]) for ord_no in numbered if ord_no.startswith("N")), default=0)
    return keys, 1 + max((cust_id for cust_id, _ in customers), default=0), next_order


def _read_trade(connection: psycopg.Connection) -> TradeKeys:
    """The rows of all other tables."""

    def column(query: str) -> list[Any]:
        return sorted(row[0] for row in connection.execute(query.encode()).fetchall())  # the same on every machine

    vouchers = connection.execute("SELECT vchr_id, vchr_cd FROM public.vchr ORDER BY vchr_id").fetchall()
    payments = connection.execute("SELECT rtrim(ord_no::text), pay_id FROM public.pymt ORDER BY pay_id").fetchall()
    addresses = "SELECT addr_id FROM public.addr_book WHERE del_flag {} 'Y'"
    products = "SELECT sku FROM public.prod_master WHERE del_flag {} 'Y'"
    last_product = "SELECT 1 + coalesce(max(substr(sku, length(sku) - 5)::int), 0) FROM public.prod_master"
    keys = TradeKeys(
        countries=Pool(column("SELECT ctry_cd FROM public.ctry")),
        addresses=Pool(column(addresses.format("<>"))),
        removed_addresses=Pool(column(addresses.format("="))),
        products=Pool(column(products.format("<>"))),
        discontinued=Pool(column(products.format("="))),
        heads=Pool(column("SELECT rtrim(ord_no::text) FROM public.ord_head")),
        free_vouchers=Pool([vchr_id for vchr_id, code in vouchers if code is None]),
        next_address=column("SELECT 1 + coalesce(max(addr_id), 0) FROM public.addr_book")[0],
        next_product=column(last_product)[0],
        next_payment=column("SELECT 1 + coalesce(max(pay_id), 0) FROM public.pymt")[0],
        next_voucher=column("SELECT 1 + coalesce(max(vchr_id), 0) FROM public.vchr")[0],
    )
    for vchr_id, code in vouchers:
        if code is not None:
            keys.hold(vchr_id, code)
    for ord_no, pay_id in payments:
        keys.payments.setdefault(ord_no, []).append(pay_id)
    return keys


def execute(connection: psycopg.Connection, transaction: Transaction) -> None:
    """Run one transaction in one round trip; every statement must have changed the rows it was meant to."""
    with connection.pipeline():
        connection.execute("BEGIN")
        cursors = [connection.execute(s.sql.encode(), s.values) for s in transaction.statements]
        connection.execute("COMMIT" if transaction.commit else "ROLLBACK")
    for statement, cursor in zip(transaction.statements, cursors, strict=True):
        if statement.rows not in (None, cursor.rowcount):
            msg = (
                f"{transaction.kind}: {statement.sql} {statement.values!r:.120} changed {cursor.rowcount} rows "
                f"instead of {statement.rows}; is another writer at work?"
            )
            raise click.ClickException(msg)


def write(
    connection: psycopg.Connection, traffic: Traffic, *, rate: float, seconds: float, changes: int | None, stop: Stop
) -> Report:
    """Run transactions at the given rate until the time is over, the changes are made or it is asked to stop."""
    report = Report()
    began = time.monotonic()
    due = elapsed = 0.0
    while not stop.asked and elapsed < seconds and (changes is None or report.changes < changes):
        if due > elapsed:
            time.sleep(min(due - elapsed, seconds - elapsed, _LONGEST_SLEEP_SECONDS))
        else:
            transaction = traffic.next()
            execute(connection, transaction)
            report.add(transaction)
            due = max(due, elapsed - _CATCH_UP_SECONDS) + transaction.changes / rate
        elapsed = time.monotonic() - began
    report.seconds = round(elapsed, 3)
    return report


@click.command()
@click.option("--dsn", required=True, help="The legacy database.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), default=200, show_default=True, help="Changes/s.")
@click.option("--seconds", type=click.FloatRange(min=0), default=60, show_default=True)
@click.option("--changes", type=click.IntRange(min=1), default=None, help="Stop after so many changes.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--poison", type=click.IntRange(min=0), default=0, help="Customers with an unknown status code.")
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON document.")
def main(*, dsn: str, rate: float, seconds: float, changes: int | None, seed: int, poison: int, as_json: bool) -> None:
    """Change the legacy shop's rows at a bounded rate for a bounded time."""
    stop = Stop()
    stop.listen()
    with psycopg.connect(dsn, autocommit=True, application_name="legacy_shop.writer") as connection:
        keys, next_customer, next_order = read_keys(connection)
        traffic = Traffic(
            keys,
            seed=seed,
            next_customer=next_customer,
            next_order=next_order,
            poison=poison,
            texts=repertoire(connection),
        )
        report = write(connection, traffic, rate=rate, seconds=seconds, changes=changes, stop=stop)
    document = dataclasses.asdict(report)
    if as_json:
        click.echo(json.dumps(document))
        return
    for name, value in document.items():
        click.echo(f"{name}: {json.dumps(value)}")


if __name__ == "__main__":
    main()
