"""`show --sample` on a live source: the first rows in the filter, read only, personal data hidden, never for long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from overgrow import errors
from overgrow.cli import cli
from overgrow.sources import sample as live
from overgrow.stack import Endpoints
from tests.unit.mapping import sample

pytestmark = pytest.mark.stack
TABLE = """
CREATE TABLE public.kunde (
    kd_nr int PRIMARY KEY, name varchar(80) NOT NULL, status char(1) NOT NULL, saldo numeric(12,2), angelegt timestamp,
    geaendert timestamptz, attrs jsonb, notiz text, aktiv boolean NOT NULL, geburt date, zeit time, foto bytea,
    dauer interval, ext_id uuid
);
INSERT INTO public.kunde (kd_nr, name, status, saldo, angelegt, geaendert, notiz, aktiv, geburt) VALUES
    (1, 'outside', 'X', 1, NULL, NULL, NULL, true, NULL),
    (3, 'third', 'A', 3, NULL, NULL, NULL, true, NULL),
    (2, ' second ', 'G', 12.50, '2019-07-01 12:00', '2024-06-30 12:00:00.5+00', 'Zanzibar', false, 'infinity');
"""


@pytest.fixture
def source(endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    monkeypatch.setenv("OVERGROW_SOURCE_DSN", endpoints.source_dsn)
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.kunde")
        connection.execute(TABLE)
        yield connection
        connection.execute("DROP TABLE public.kunde")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hidden = ("  note: notiz\n", "  note: {from: notiz, do: {mask: {keep_last: 2}}}\n")
    return sample.write(tmp_path, {sample.CUSTOMERS: sample.changed(sample.MAPPING, hidden)})


def show(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(folder), "show", "customers", "--sample", "--json", *arguments])


@pytest.mark.usefixtures("source")
def test_the_first_rows_in_the_filter_before_and_after(folder: Path) -> None:
    (row,) = json.loads(show(folder).stdout)["samples"]
    assert row["name"] == "kd_nr=2"
    values = {one["field"]: (one["before"], one["after"], one["refused"]) for one in row["values"]}
    assert values["name"] == ({"name": " second "}, "second", "")
    assert values["status"] == ({"status": "G"}, "blocked", "")
    assert values["balance_cents"] == ({"saldo": "12.50"}, "1250", "")
    assert values["created_at"] == ({"angelegt": "2019-07-01 12:00:00"}, "2019-07-01 11:00:00+00", "")
    assert values["changed_at"] == (
        {"geaendert": "2024-06-30 12:00:00.5+00"}, "2024-06-30 12:00:00.5+00", "",
    )  # fmt: skip
    assert values["note"] == ({"notiz": "(hidden)"}, "******ar", "")
    assert "is no date" in values["born"][2]
    names = [one["name"] for one in json.loads(show(folder, "--rows", "9").stdout)["samples"]]
    assert names == ["kd_nr=2", "kd_nr=3"]


def test_nothing_in_the_filter_is_said(folder: Path, source: psycopg.Connection[tuple[object, ...]]) -> None:
    source.execute("DELETE FROM public.kunde WHERE status <> 'X'")
    result = show(folder)
    assert (result.exit_code, json.loads(result.stdout)["samples"]) == (0, [])
    assert "public.kunde has no row inside the filter" in result.stderr


def test_a_table_that_is_another_is_drift(folder: Path, source: psycopg.Connection[tuple[object, ...]]) -> None:
    source.execute("ALTER TABLE public.kunde DROP COLUMN saldo")
    result = show(folder)
    assert isinstance(result.exception, errors.SchemaDrift)
    assert 'column "saldo" does not exist' in str(result.exception)


def test_a_table_that_does_not_answer_in_time_is_named(
    folder: Path, source: psycopg.Connection[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TIMEOUT_SECONDS", 1)
    with source.transaction():
        source.execute("LOCK TABLE public.kunde IN ACCESS EXCLUSIVE MODE")
        result = show(folder)
    assert isinstance(result.exception, errors.UnreachableError)
    assert "did not give 1 rows of public.kunde" in str(result.exception)


def test_the_sql_that_is_shown_runs_on_the_source(folder: Path, source: psycopg.Connection[tuple[object, ...]]) -> None:
    select = json.loads(CliRunner().invoke(cli, ["--project", str(folder), "show", "customers", "--json"]).stdout)
    cursor = source.execute(select["source"]["select"].encode())
    assert [column.name for column in cursor.description or ()][:3] == ["kd_nr", "name", "status"]
    assert len(cursor.fetchall()) == 2
