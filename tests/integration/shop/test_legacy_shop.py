"""The seeder and the live writer on a real PostgreSQL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from overgrow.envelope.types import SqlType

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "schemas" / "source"
CATALOGUE_SQL = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull
FROM pg_attribute AS a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
KEY_SQL = """
SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum)), max(c.relreplident)
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = %s::regclass AND i.indisprimary
"""
TABLES = ("ctry", "cust_master", "addr_book", "prod_master", "ord_head", "ord_line", "pymt", "vchr", "web_log")
DIGEST_SQL = "SELECT " + ", ".join(
    f"(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM public.{table} AS t)" for table in TABLES
)
pytestmark = pytest.mark.stack


def run(module: str, dsn: str, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", f"legacy_shop.{module}", "--dsn", dsn, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def rows(dsn: str, sql: str, *values: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql.encode(), values).fetchall()


@pytest.mark.parametrize("table", sorted(path.stem for path in CATALOGUE.glob("*.yaml")))
def test_the_recorded_catalogue_is_what_the_database_has(shop: str, table: str) -> None:
    run("seed", shop, "--rows", "0")
    recorded = yaml.safe_load((CATALOGUE / f"{table}.yaml").read_text())
    live = {name: (SqlType.parse(kind), nullable) for name, kind, nullable in rows(shop, CATALOGUE_SQL, table)}
    assert live == {name: (SqlType.parse(col["type"]), col["nullable"]) for name, col in recorded["columns"].items()}
    identity = {"default": "d", "full": "f"}[recorded["replica_identity"]]
    assert rows(shop, KEY_SQL, table) == [(recorded["key"], identity)]


def test_texts_are_stored_in_the_databases_own_encoding(shop: str) -> None:
    run("seed", shop, "--rows", "2000")
    run("writer", shop, "--rate", "100000", "--seconds", "60", "--changes", "400", "--json")
    for character in "éüß£":  # one byte each in LATIN1, two in UTF-8
        found = rows(
            shop,
            "SELECT count(*) FILTER (WHERE octet_length(t) = length(t)), count(*)"
            " FROM (SELECT cust_nm || notes FROM public.cust_master) AS c (t) WHERE position(%s IN t) > 0",
            character,
        )
        assert found[0][0] == found[0][1] > 0, character


def test_seeding_twice_is_refused_and_changes_nothing(shop: str) -> None:
    assert run("seed", shop, "--rows", "500")["order_lines"] == 180
    before = rows(shop, DIGEST_SQL)
    again = [sys.executable, "-m", "legacy_shop.seed", "--dsn", shop, "--rows", "500"]
    done = subprocess.run(again, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "already holds rows" in done.stderr
    assert rows(shop, DIGEST_SQL) == before


def test_large_notes_lie_out_of_line_uncompressed(shop: str) -> None:
    run("seed", shop, "--rows", "2000")
    large = "SELECT pg_column_size(notes) FROM public.cust_master WHERE length(notes) > 8192"
    assert {size for (size,) in rows(shop, large)} == {8400}
    ((toast, widest),) = rows(
        shop,
        "SELECT pg_relation_size(reltoastrelid), (SELECT max(pg_column_size(c)) FROM public.cust_master AS c"
        " WHERE length(notes) < 8192) FROM pg_class WHERE oid = 'public.cust_master'::regclass",
    )
    assert toast > 0
    assert widest < 2000


def test_the_same_seeds_leave_the_same_database(shop: str) -> None:
    digests = []
    for _ in range(2):
        run("seed", shop, "--rows", "1000", "--seed", "3")
        run("writer", shop, "--rate", "100000", "--seconds", "60", "--changes", "400", "--seed", "5", "--json")
        digests += rows(shop, DIGEST_SQL)
        with psycopg.connect(shop) as connection:
            connection.execute(f"DROP TABLE {', '.join(f'public.{table}' for table in TABLES)}".encode())
    assert digests[0] == digests[1]
    assert None not in digests[0]


def test_the_report_counts_what_postgresql_counted(shop: str) -> None:
    run("seed", shop, "--rows", "1000", "--poison", "2")
    report = run("writer", shop, "--rate", "100000", "--seconds", "60", "--changes", "500", "--poison", "3", "--json")
    assert report["changes"] == sum(report["by_kind"].values()) >= 500
    assert report["by_kind"]["poison"] == 3
    assert rows(shop, "SELECT count(*) FROM public.cust_master WHERE stat_cd = 'Q'") == [(5,)]


def test_a_writer_goes_on_where_another_ended(shop: str) -> None:
    run("seed", shop, "--rows", "1000")
    for seed in ("1", "2", "3"):  # one that does not know what the others left fails at its first statement
        report = run(
            "writer", shop, "--rate", "100000", "--seconds", "60", "--changes", "400", "--seed", seed, "--json"
        )
        assert report["changes"] == sum(report["by_kind"].values()) >= 400


def test_the_table_that_is_refused_has_no_key(shop: str) -> None:
    run("seed", shop, "--rows", "1000")
    keys = "SELECT c.relname FROM pg_class AS c LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary"
    where = "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND i.indexrelid IS NULL"
    keyless = {f"public.{name}" for (name,) in rows(shop, f"{keys} {where}")}
    assert keyless == set(yaml.safe_load((ROOT / "overgrow.yaml").read_text())["source"]["refused"])


def test_a_statement_that_changes_other_rows_than_meant_stops_the_writer(shop: str) -> None:
    run("seed", shop, "--rows", "100")
    with psycopg.connect(shop, autocommit=True) as vandal:
        vandal.execute("CREATE RULE gone AS ON UPDATE TO public.cust_master DO INSTEAD NOTHING")
    command = [sys.executable, "-m", "legacy_shop.writer", "--dsn", shop, "--rate", "1000", "--seconds", "20"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "is another writer at work?" in done.stderr


def test_sigterm_ends_the_writer_with_its_report(shop: str) -> None:
    run("seed", shop, "--rows", "100")
    command = [sys.executable, "-m", "legacy_shop.writer", "--dsn", shop, "--seconds", "600", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        before = rows(shop, DIGEST_SQL)
        while rows(shop, DIGEST_SQL) == before:
            assert writer.poll() is None
        writer.send_signal(signal.SIGTERM)
        out, _ = writer.communicate(timeout=30)
    assert writer.returncode == 0
    assert json.loads(out)["changes"] > 0
