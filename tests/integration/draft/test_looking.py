"""`overgrow init` looks at a real source: what it sees in the rows, what it leaves unseen, what it never writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from overgrow.draft import look, profiles, reading
from overgrow.stack import Endpoints

pytestmark = pytest.mark.stack
OVERGROW = Path(sys.executable).with_name("overgrow")
ROWS = 3000
TABLES = f"""
CREATE TABLE cust (
    cust_no int PRIMARY KEY, nm varchar(80), "E-Mail" text, stat_cd char(1) NOT NULL, vip_yn char(1) NOT NULL,
    bal_amt double precision, crt_dt timestamp NOT NULL, end_dt date, rmk text, home_town text, twice int
);
INSERT INTO cust SELECT n, 'Kunde ' || n, 'k' || n || '@example.com', (ARRAY['A','I','X'])[n % 3 + 1],
    CASE n % 2 WHEN 0 THEN 'Y' ELSE 'N' END, (n % 1000) / 100.0, '2020-01-01',
    CASE n % 2 WHEN 0 THEN '9999-12-31' END::date, (ARRAY['', NULL, 'x'])[n % 3 + 1],
    convert_from('\\x4dc383c2bc6c6c6572', 'UTF8'), n FROM generate_series(1, {ROWS}) n;
ALTER TABLE cust DROP COLUMN twice;
CREATE TABLE ord (ord_no int PRIMARY KEY, cust_no int REFERENCES cust, code text UNIQUE);
CREATE TABLE web_log (at timestamp);
ANALYZE;
"""


@pytest.fixture
def dsn(endpoints: Endpoints) -> Iterator[str]:
    """A legacy database in LATIN1."""
    name = f"look_{uuid.uuid4().hex[:8]}"
    made = f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as connection:
        connection.execute(made.encode())
        try:
            own = f"{endpoints.source_dsn.rpartition('/')[0]}/{name}"
            with psycopg.connect(own, autocommit=True) as inside:
                inside.execute(TABLES.encode())
            yield own
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def init(folder: Path, dsn: str, *words: str, code: int = 0) -> tuple[Any, str]:
    """What it said on stdout (as JSON) and on stderr."""
    done = subprocess.run(
        [OVERGROW, "--project", folder, "init", "--context", "crm", "--json", *words],
        env={**os.environ, "OVERGROW_SOURCE_DSN": dsn},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if done.stdout else None, done.stderr


def test_what_is_odd_in_the_rows_is_asked_and_no_person_is_named(dsn: str, tmp_path: Path) -> None:
    made, _ = init(tmp_path, dsn, "--sample", "1000")
    found = {(one["kind"], one["subject"]): one for one in made["decisions"]}
    expected = {
        ("naive-time", "public.cust: crt_dt"), ("money-in-float", "public.cust: bal_amt"),
        ("codes", "public.cust: stat_cd"), ("boolean", "public.cust: vip_yn"),
        ("double-encoded", "public.cust: home_town"), ("sentinel", "public.cust: end_dt"),
        ("empty-text", "public.cust: rmk"), ("personal-data", "public.cust: E-Mail"),
        ("refused-table", "public.web_log"), ("late-constraints", "foreign keys and unique constraints"),
    }  # fmt: skip
    assert expected <= set(found)
    codes = found["codes", "public.cust: stat_cd"]["codes"]
    assert set(codes) == {"A", "I", "X"}
    assert 0 < sum(codes.values()) <= 1000
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "example.com" not in written + json.dumps(made)
    assert made["mapped"] == {"public.cust": "crm.cust", "public.ord": "crm.ord"}
    assert "-- ALTER TABLE crm.ord ADD CONSTRAINT ord_cust_no_fk" in written
    check = subprocess.run([OVERGROW, "--project", tmp_path, "check"], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout


def test_the_sample_is_bounded_and_the_session_only_reads(dsn: str) -> None:
    with reading(dsn) as connection:
        database = look(connection, tables=["public.cust"])
        (table,) = database.tables
        found, why = profiles(connection, table, table.columns, 200)
        assert (why, {one.rows for one in found.values()} <= set(range(1, 201))) == ("", True)
        assert found["stat_cd"].codes is not None
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM cust")


def test_a_table_that_is_locked_is_passed_over_and_said(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn) as holder:
        holder.execute("LOCK TABLE ord IN ACCESS EXCLUSIVE MODE")
        made, _ = init(tmp_path, dsn, "--table", "public.ord")
    assert [one["kind"] for one in made["decisions"]] == ["not-sampled", "late-constraints"]
    assert "lock timeout" in made["decisions"][0]["seen"]


def test_a_dry_run_writes_nothing_and_nothing_is_overwritten(dsn: str, tmp_path: Path) -> None:
    made, said = init(tmp_path, dsn, "--dry-run", "--schema", "public")
    assert (made["written"], list(tmp_path.iterdir())) == (False, [])
    assert "nothing was written" in said
    (tmp_path / "schemas" / "target").mkdir(parents=True)
    (tmp_path / "schemas" / "target" / "crm.sql").write_text("mine")
    _, said = init(tmp_path, dsn, code=2)
    assert "not overwritten: schemas/target/crm.sql" in said
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["crm.sql"]


def test_a_name_the_source_does_not_have_is_refused(dsn: str, tmp_path: Path) -> None:
    assert "--table" in init(tmp_path, dsn, "--table", "public.cusd", code=2)[1]
    assert "--schema" in init(tmp_path, dsn, "--schema", "crm", code=2)[1]
    assert "no table that can be mapped" in init(tmp_path, dsn, "--table", "public.web_log", code=2)[1]
