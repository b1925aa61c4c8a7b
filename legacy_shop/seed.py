"""Makes the legacy shop's tables and rows: `python -m legacy_shop.seed --dsn DSN --rows N --seed S`.

N is the total over both tables, two customers to three order lines. Same seed, N and encoding of the database, same
data. It refuses tables that already hold rows and never drops anything.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from importlib import resources

import click
import psycopg

from legacy_shop.data import UNKNOWN, Customer, OrderLine, RowMaker
from legacy_shop.texts import UNICODE, Texts, fitting

_COPY_CUSTOMERS = "COPY public.cust_master FROM STDIN"
_COPY_LINES = "COPY public.ord_line FROM STDIN"


def split(rows: int) -> tuple[int, int]:
    """How many customers and how many order lines make that many rows."""
    customers = rows * 2 // 5
    return customers, rows - customers


def customers(rows: int, seed: int, *, poison: int = 0, texts: Texts = UNICODE) -> Iterator[Customer]:
    """The customers of a data set; `poison` of them, evenly spread, have a status code that no mapping knows."""
    make = RowMaker(seed, texts)
    count, _ = split(rows)
    step = count / poison if poison else 0.0
    poisoned = {int(index * step) for index in range(poison)}
    for index in range(count):
        row = make.customer(index + 1)
        yield row._replace(stat_cd=UNKNOWN) if index in poisoned else row


def order_lines(rows: int, seed: int, *, texts: Texts = UNICODE) -> Iterator[OrderLine]:
    """The order lines of a data set: orders of one to four lines."""
    make = RowMaker(seed + 1_000_003, texts)
    customers_count, left = split(rows)
    number = 0
    while left:
        number += 1
        cust_id = 1 + make.below(max(customers_count, 1))
        size = min(1 + number % 4, left)
        for line_no in range(1, size + 1):
            yield make.order_line(f"W{number}", line_no, cust_id)
        left -= size


def create_tables(connection: psycopg.Connection) -> None:
    """Create the two tables unless they are there."""
    connection.execute(resources.files("legacy_shop").joinpath("schema.sql").read_bytes())


def repertoire(connection: psycopg.Connection) -> Texts:
    """The texts that the database can hold."""
    return fitting(connection.info.parameter_status("server_encoding"))


def load(connection: psycopg.Connection, rows: int, seed: int, *, poison: int = 0) -> tuple[int, int]:
    """Fill empty tables; returns how many customers and order lines there are now."""
    cursor = connection.execute(
        "SELECT (SELECT count(*) FROM public.cust_master), (SELECT count(*) FROM public.ord_line)"
    )
    if cursor.fetchone() != (0, 0):
        msg = "public.cust_master or public.ord_line already holds rows; seed an empty database (drop the tables first)"
        raise click.ClickException(msg)
    texts = repertoire(connection)
    with connection.cursor() as copier:
        with copier.copy(_COPY_CUSTOMERS) as copy:
            for customer in customers(rows, seed, poison=poison, texts=texts):
                copy.write_row(customer)
        with copier.copy(_COPY_LINES) as copy:
            for line in order_lines(rows, seed, texts=texts):
                copy.write_row(line)
    return split(rows)


@click.command()
@click.option("--dsn", required=True, help="The legacy database.")
@click.option("--rows", type=click.IntRange(min=0), default=20_000, show_default=True, help="Total over both tables.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--poison", type=click.IntRange(min=0), default=0, help="Customers with an unknown status code.")
def main(dsn: str, rows: int, seed: int, poison: int) -> None:
    """Create the legacy shop's tables and fill them."""
    if poison > split(rows)[0]:
        raise click.UsageError(f"--poison {poison} is more than the {split(rows)[0]} customers of --rows {rows}")
    began = time.monotonic()
    with psycopg.connect(dsn) as connection:
        create_tables(connection)
        customer_count, line_count = load(connection, rows, seed, poison=poison)
    seconds = round(time.monotonic() - began, 3)
    report = {"customers": customer_count, "order_lines": line_count, "poison": poison, "seconds": seconds}
    click.echo(json.dumps(report))


if __name__ == "__main__":
    main()
