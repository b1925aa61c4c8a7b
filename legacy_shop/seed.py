"""Makes the legacy shop's tables and rows: `python -m legacy_shop.seed --dsn DSN --rows N --seed S`.

N is the total over all tables but the log of page views, which comes on top. Same seed, N and
encoding of the database, same data. It refuses tables that already hold rows and never drops anything.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import NamedTuple

import click
import psycopg

from legacy_shop import trade
from legacy_shop.data import UNKNOWN, Customer, OrderLine, RowMaker
from legacy_shop.texts import UNICODE, Texts, fitting
from legacy_shop.trade import COUNTRIES

_EVERY = 50  # one page view for so many rows


class Counts(NamedTuple):
    """How many rows each table gets; page views are beside the total, for they are not streamed."""

    customers: int
    order_lines: int
    orders: int
    payments: int
    addresses: int
    products: int
    vouchers: int
    countries: int
    page_views: int


def split(rows: int) -> Counts:
    """How many rows of each table make that many rows."""
    lines = rows * 36 // 100
    orders = sum(1 for _ in _orders(lines))
    rest = (rows * 10 // 100, rows * 9 // 100, rows * 4 // 100, rows * 3 // 100, min(len(COUNTRIES), rows // 25))
    return Counts(rows - lines - orders - sum(rest), lines, orders, *rest, page_views=rows // _EVERY)


def _orders(lines: int) -> Iterator[tuple[str, int]]:
    """The orders that so many lines make: number, and one to four lines."""
    number = 0
    while lines:
        number += 1
        size = min(1 + number % 4, lines)
        lines -= size
        yield f"W{number}", size


def customers(rows: int, seed: int, *, poison: int = 0, texts: Texts = UNICODE) -> Iterator[Customer]:
    """The customers of a data set; `poison` of them, evenly spread, have a status code that no mapping knows."""
    make = RowMaker(seed, texts)
    count = split(rows).customers
    step = count / poison if poison else 0.0
    poisoned = {int(index * step) for index in range(poison)}
    for index in range(count):
        row = make.customer(index + 1)
        yield row._replace(stat_cd=UNKNOWN) if index in poisoned else row


def order_lines(rows: int, seed: int, *, texts: Texts = UNICODE) -> Iterator[OrderLine]:
    """The order lines of a data set."""
    make, counts = RowMaker(seed + 1_000_003, texts), split(rows)
    for ord_no, size in _orders(counts.order_lines):
        cust_id = _one_of(make, counts.customers)
        for line_no in range(1, size + 1):
            yield make.order_line(ord_no, line_no, cust_id)


def orders(rows: int, seed: int, *, texts: Texts = UNICODE) -> Iterator[trade.Order]:
    """The heads of all orders."""
    make, counts = RowMaker(seed + 2_000_003, texts), split(rows)
    for ord_no, _ in _orders(counts.order_lines):
        ship_id = _one_of(make, counts.addresses) if make.chance(0.8) else None
        yield trade.order(make, ord_no, _one_of(make, counts.customers), ship_id)


def payments(rows: int, seed: int, *, texts: Texts = UNICODE) -> Iterator[trade.Payment]:
    """The payments of some orders; an order may have several."""
    make, counts = RowMaker(seed + 3_000_003, texts), split(rows)
    for index in range(counts.payments):
        yield trade.payment(make, index + 1, f"W{_one_of(make, counts.orders)}")


def addresses(rows: int, seed: int, *, texts: Texts = UNICODE) -> Iterator[trade.Address]:
    """The addresses; one in ten is flagged as deleted."""
    make, counts = RowMaker(seed + 4_000_003, texts), split(rows)
    for index in range(counts.addresses):
        yield trade.address(make, index + 1, _one_of(make, counts.customers), del_flag=_flag(make))


def products(rows: int, seed: int, *, texts: Texts = UNICODE) -> Iterator[trade.Product]:
    """The products; one in ten is flagged as deleted."""
    make = RowMaker(seed + 5_000_003, texts)
    for index in range(split(rows).products):
        yield trade.product(make, trade.sku(index + 1), del_flag=_flag(make))


def vouchers(rows: int, seed: int, *, texts: Texts = UNICODE) -> Iterator[trade.Voucher]:
    """The vouchers; one in four has no code."""
    make, counts = RowMaker(seed + 6_000_003, texts), split(rows)
    for index in range(counts.vouchers):
        held = not make.chance(0.25)
        code, cust_id = (trade.code(index + 1), _one_of(make, counts.customers)) if held else (None, None)
        yield trade.voucher(make, index + 1, code, cust_id)


def page_views(rows: int, seed: int, *, texts: Texts = UNICODE) -> Iterator[trade.PageView]:
    """Page views, some of them twice."""
    make = RowMaker(seed + 7_000_003, texts)
    view = trade.page_view(make)
    for index in range(split(rows).page_views):
        yield view
        view = trade.page_view(make) if index % 10 else view


def _one_of(make: RowMaker, count: int) -> int:
    """A key from 1 to that many."""
    return 1 + make.below(max(count, 1))


def _flag(make: RowMaker) -> str:
    return trade.DELETED if make.chance(0.1) else trade.LIVE


def create_tables(connection: psycopg.Connection) -> None:
    """Create all tables unless they are there."""
    connection.execute(resources.files("legacy_shop").joinpath("schema.sql").read_bytes())


def repertoire(connection: psycopg.Connection) -> Texts:
    """The texts that the database can hold."""
    return fitting(connection.info.parameter_status("server_encoding"))


def load(connection: psycopg.Connection, rows: int, seed: int, *, poison: int = 0) -> Counts:
    """Fill empty tables; returns how many rows each has now."""
    texts = repertoire(connection)
    tables: dict[str, Iterable[tuple[object, ...]]] = {
        "ctry": COUNTRIES[: split(rows).countries],
        "cust_master": customers(rows, seed, poison=poison, texts=texts),
        "addr_book": addresses(rows, seed, texts=texts),
        "prod_master": products(rows, seed, texts=texts),
        "ord_head": orders(rows, seed, texts=texts),
        "ord_line": order_lines(rows, seed, texts=texts),
        "pymt": payments(rows, seed, texts=texts),
        "vchr": vouchers(rows, seed, texts=texts),
        "web_log": page_views(rows, seed, texts=texts),
    }
    for table in tables:
        if connection.execute(f"SELECT 1 FROM public.{table} LIMIT 1".encode()).fetchone():  # noqa: S608 - own names
            msg = f"public.{table} already holds rows; seed an empty database (drop the tables first)"
            raise click.ClickException(msg)
    with connection.cursor() as copier:
        for table, made in tables.items():
            with copier.copy(f"COPY public.{table} FROM STDIN".encode()) as copy:
                for row in made:
                    copy.write_row(row)
    return split(rows)


@click.command()
@click.option("--dsn", required=True, help="The legacy database.")
@click.option(
    "--rows", type=click.IntRange(min=0), default=20_000, show_default=True, help="Total over all streamed tables."
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--poison", type=click.IntRange(min=0), default=0, help="Customers with an unknown status code.")
def main(dsn: str, rows: int, seed: int, poison: int) -> None:
    """Create the legacy shop's tables and fill them."""
    if poison > (most := split(rows).customers):
        raise click.UsageError(f"--poison {poison} is more than the {most} customers of --rows {rows}")
    began = time.monotonic()
    with psycopg.connect(dsn) as connection:
        create_tables(connection)
        counts = load(connection, rows, seed, poison=poison)
    seconds = round(time.monotonic() - began, 3)
    click.echo(json.dumps({**counts._asdict(), "poison": poison, "seconds": seconds}))


if __name__ == "__main__":
    main()
