"""The shop's connector on a real Connect: what it sends, folded by key, is what the legacy database holds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition

from legacy_shop import seed, trade, writer
from legacy_shop.data import RowMaker
from legacy_shop.texts import LATIN1
from legacy_shop.traffic import Traffic
from overgrow.kafka.connect import Connect
from overgrow.stack import Endpoints

DOCUMENT = json.loads((Path(__file__).parents[3] / "connectors" / "shop.json").read_text())
PLACEHOLDER = DOCUMENT["config"]["unavailable.value.placeholder"]
SEEDED, CHANGES, DRAIN_SECONDS = 1000, 1500, 60
COLUMNS = {
    "ctry": ("ctry_cd", "ctry_nm", "eu_yn"),
    "cust_master": ("cust_id", "stat_cd", "bal_amt", "notes", "prefs"),
    "addr_book": ("addr_id", "addr_1", "addr_2", "city", "del_flag"),
    "prod_master": ("sku", "prod_nm", "descr", "attrs", "price", "curr_cd", "del_flag"),
    "ord_head": ("ord_no", "cust_id", "ord_st", "chan_cd", "note"),
    "ord_line": ("ord_no", "line_no", "cust_id", "qty", "unit_prc", "rmk"),
    "pymt": ("pay_id", "ord_no", "pay_st", "amt"),
    "vchr": ("vchr_id", "vchr_cd", "cust_id", "vchr_st"),
}
AS_TEXT = {"bal_amt", "prefs", "attrs", "price", "unit_prc", "amt"}
KEYS = {table: columns[: 1 + (table == "ord_line")] for table, columns in COLUMNS.items()}
LAST = 9_999_999
MAKE = RowMaker(0, LATIN1)
# The last row of each table; nothing of it comes before everything else has.
MARKERS: dict[str, tuple[Any, ...]] = {
    "ctry": trade.COUNTRIES[0]._replace(ctry_cd="ZZ"),
    "cust_master": MAKE.customer(LAST),
    "addr_book": trade.address(MAKE, LAST, 1),
    "prod_master": trade.product(MAKE, "END"),
    "ord_head": trade.order(MAKE, "END       ", 1, None),
    "ord_line": MAKE.order_line("END       ", 1, 1),
    "pymt": trade.payment(MAKE, LAST, "END"),
    "vchr": trade.voucher(MAKE, LAST, None, None),
}
pytestmark = pytest.mark.stack

Row = dict[str, Any]


class Fold:
    """The newest state of each key, a value that did not travel kept from before."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[Any, ...], Row]] = {table: {} for table in KEYS}
        self.absent = 0
        self.entered_incomplete: list[Row] = []

    def feed(self, table: str, key: Row, after: Row | None) -> None:
        rows, identity = self.rows[table], tuple(key[name] for name in KEYS[table])
        if after is None:
            rows.pop(identity, None)
            return
        missing = [name for name, value in after.items() if value == PLACEHOLDER]
        before = rows.get(identity)
        if missing:
            self.absent += 1
            if before is None or (before.get("stat_cd") == "X" and after.get("stat_cd") != "X"):
                self.entered_incomplete.append(after)
        rows[identity] = {**after, **{name: (before or {}).get(name) for name in missing}}

    def shown(self, table: str) -> set[tuple[Any, ...]]:
        return {tuple(row[name] for name in COLUMNS[table]) for row in self.rows[table].values()}


@pytest.fixture
def connector(endpoints: Endpoints, shop: str) -> Iterator[dict[str, str]]:
    """The shop's connector under a name of its own, on this test's database; not started."""
    name = shop.rpartition("/")[2]
    own = dict.fromkeys(("database.dbname", "topic.prefix", "slot.name", "publication.name"), name)
    yield {**DOCUMENT["config"], **own}
    with closing(Connect(endpoints.connect)) as connect:
        connect.delete(name)
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as admin:
        deadline = time.monotonic() + DRAIN_SECONDS
        while slots := admin.execute(
            "SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s", [name]
        ).fetchall():
            assert time.monotonic() < deadline
            if slots == [(None,)]:
                admin.execute("SELECT pg_drop_replication_slot(%s)", [name])


def test_connect_finds_nothing_wrong_with_the_configuration(endpoints: Endpoints) -> None:
    config = DOCUMENT["config"]
    url = f"{endpoints.connect}/connector-plugins/{config['connector.class']}/config/validate"
    answer = httpx.put(url, json={"name": DOCUMENT["name"], **config}, timeout=60).json()
    wrong = {
        entry["value"]["name"]: entry["value"]["errors"] for entry in answer["configs"] if entry["value"]["errors"]
    }
    assert wrong == {}


def test_the_topics_folded_by_key_are_the_database(endpoints: Endpoints, shop: str, connector: dict[str, str]) -> None:
    prefix = connector["topic.prefix"]
    with psycopg.connect(shop, autocommit=True) as connection:
        seed.create_tables(connection)
        seed.load(connection, SEEDED, 1)
        connection.execute(f"CREATE PUBLICATION {prefix} FOR TABLE {', '.join(f'public.{table}' for table in KEYS)}")
        with closing(Connect(endpoints.connect)) as connect:
            connect.put_config(prefix, connector)
            connect.wait_running(prefix)
        keys, next_customer, next_order = writer.read_keys(connection)
        traffic = Traffic(keys, seed=1, next_customer=next_customer, next_order=next_order, texts=LATIN1)
        report = writer.write(connection, traffic, rate=1e9, seconds=60, changes=CHANGES, stop=writer.Stop())
        for table, marker in MARKERS.items():
            connection.execute(f"INSERT INTO public.{table} VALUES ({', '.join(['%s'] * len(marker))})", marker)
        source = {table: _shown(connection, table) for table in COLUMNS}
    assert report.changes >= CHANGES
    fold = Fold()
    for table, key, after in _messages(endpoints.kafka, prefix):
        fold.feed(table, key, after)
    assert {table: fold.shown(table) for table in KEYS} == source
    assert {"é", "ü", "ß", "£"} <= {letter for row in source["cust_master"] for letter in row[3] or ""}
    assert fold.absent > 0, "some updates left a large note alone"
    assert fold.entered_incomplete == []


def _shown(connection: psycopg.Connection[Any], table: str) -> set[tuple[Any, ...]]:
    columns = ", ".join(f"{name}::text" if name in AS_TEXT else name for name in COLUMNS[table])
    return set(connection.execute(f"SELECT {columns} FROM public.{table}".encode()).fetchall())


def _messages(bootstrap: str, prefix: str) -> Iterator[tuple[str, Row, Row | None]]:
    """Every change of all tables, until the last row of each has come."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": prefix, "enable.auto.commit": False})
    consumer.assign([TopicPartition(f"{prefix}.public.{table}", 0, 0) for table in KEYS])
    waiting, deadline = set(KEYS), time.monotonic() + DRAIN_SECONDS
    try:
        while waiting:
            assert time.monotonic() < deadline, f"the last row of {waiting} never came"
            message = consumer.poll(1.0)
            if message is None or message.error() or message.value() is None:
                continue
            table = message.topic().rpartition(".")[2]
            value, key = (json.loads(part)["payload"] for part in (message.value(), message.key()))
            yield table, key, value["after"]
            if value["after"] and tuple(key[name] for name in KEYS[table]) == MARKERS[table][: len(KEYS[table])]:
                waiting.discard(table)
    finally:
        consumer.close()
