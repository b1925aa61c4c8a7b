"""`overgrow verify` on the real stack: equal after the load, each kind of corruption by name, and never a guess."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from legacy_shop.data import RowMaker
from overgrow.reconcile import Report, StandsStill
from tests.integration.verify.pipeline import DEADLINE_SECONDS, Pipeline, until

pytestmark = pytest.mark.stack
Plant = Callable[[str], None]
FIRST = "customer_id = (SELECT min(customer_id) FROM crm.customers)"
FIRST_LINE = "(order_no, line_no) = (SELECT order_no, line_no FROM crm.order_lines ORDER BY 1, 2 LIMIT 1)"
VALUES = {
    "name": "name || ' '",
    "status": "CASE status WHEN 'active' THEN 'inactive' ELSE 'active' END",
    "balance_cents": "balance_cents + 1",
    "registered_at": "registered_at + interval '1 microsecond'",
    "vip": "NOT vip",
    "address": "coalesce(address, '{}') || '{\"more\": 1}'",
    "preferences": "CASE WHEN preferences IS NULL THEN 'null'::jsonb END",
    "notes": "coalesce(notes, '') || 'x'",
    "birth_date": "coalesce(birth_date, '1970-01-01') + 1",
    "external_ref": "gen_random_uuid()",
}


def only(report: Report) -> Any:
    assert report.verdict == "different"
    assert report.differing == len(report.differences) == 1
    return report.differences[0]


def equal(pipeline: Pipeline) -> None:
    assert pipeline.verify().differences == ()


def test_after_the_load_both_sides_are_equal(pipeline: Pipeline) -> None:
    done = pipeline.run("verify", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["verdict"], document["source_quiet"], document["differences"]) == ("equal", True, [])
    found = {one["mapping"]: one for one in document["mappings"]}
    customers, lines = found["customers"], found["order_lines"]
    closed = pipeline.source("SELECT count(*) FROM public.cust_master WHERE stat_cd = 'X'")[0][0]
    assert closed > 0
    assert customers["in_filter"] == customers["source_rows"] - closed == customers["target_rows"] == customers["equal"]
    assert lines["equal"] == lines["source_rows"] == lines["target_rows"] > 0


@pytest.mark.parametrize("column", VALUES)
def test_a_changed_value_is_found_with_table_key_and_column(pipeline: Pipeline, plant: Plant, column: str) -> None:
    key, before = pipeline.target(f"SELECT customer_id::text, {column}::text FROM crm.customers WHERE {FIRST}")[0]
    plant(f"UPDATE crm.customers SET {column} = {VALUES[column]} WHERE {FIRST}")
    found = only(pipeline.verify())
    after = pipeline.target(f"SELECT {column}::text FROM crm.customers WHERE {FIRST}")[0][0]
    assert (found.kind, found.source_table, found.target_table) == (
        "field_mismatch",
        "public.cust_master",
        "crm.customers",
    )
    assert found.key == {"customer_id": key}
    assert [(one.column, one.expected, one.actual) for one in found.columns] == [(column, before, after)]


def test_a_deleted_row_is_missing(pipeline: Pipeline, plant: Plant) -> None:
    key = pipeline.target(f"SELECT order_no, line_no::text FROM crm.order_lines WHERE {FIRST_LINE}")[0]
    plant(f"DELETE FROM crm.order_lines WHERE {FIRST_LINE}")
    found = only(pipeline.verify())
    assert (found.kind, found.target_table) == ("missing", "crm.order_lines")
    assert found.key == dict(zip(("order_no", "line_no"), key, strict=True))


def test_a_row_that_no_source_row_maps_to_is_extra(pipeline: Pipeline, plant: Plant) -> None:
    plant(
        f"CREATE TABLE kept.one AS SELECT * FROM crm.customers WHERE {FIRST}; UPDATE kept.one SET customer_id = -7;"
        " INSERT INTO crm.customers TABLE kept.one"
    )
    found = only(pipeline.verify())
    assert (found.kind, found.key) == ("extra", {"customer_id": "-7"})


def test_a_wrong_source_key_is_found(pipeline: Pipeline, plant: Plant) -> None:
    plant(f"UPDATE crm.order_lines SET _og_key = '[\"Z\",1]' WHERE {FIRST_LINE}")
    found = only(pipeline.verify())
    assert found.kind == "field_mismatch"
    assert [(one.column, one.expected, one.actual) for one in found.columns] == [
        ("_og_key", found.source_key, '["Z",1]')
    ]


def test_a_stamp_from_the_future_is_found(pipeline: Pipeline, plant: Plant) -> None:
    plant(f"UPDATE crm.customers SET _og_off = _og_off + 1000000 WHERE {FIRST}")
    found = only(pipeline.verify())
    assert found.kind == "metadata"
    assert [one.column for one in found.columns] == ["_og_off"]


def test_the_command_lists_what_differs_and_can_hide_values(pipeline: Pipeline, plant: Plant) -> None:
    plant("UPDATE crm.customers SET name = 'Visible Name'")
    done = pipeline.run("verify", "--limit", "2", "--no-values")
    assert done.returncode == 3, done.stderr
    assert "crm.customers" in done.stdout
    assert "more rows" in done.stdout
    assert "Visible Name" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    document = json.loads(pipeline.run("verify", "--limit", "2", "--json").stdout)
    found = {one["mapping"]: one["field_mismatch"] for one in document["mappings"]}
    assert document["differing"] == found["customers"] > 2
    assert [one["columns"][0]["actual"] for one in document["differences"]] == ["Visible Name"] * 2


def test_a_row_that_was_set_aside_is_told_from_one_that_nobody_noticed(pipeline: Pipeline, plant: Plant) -> None:
    insert(pipeline, "cust_master", RowMaker(0).customer(900_001)._replace(stat_cd="?"))
    try:
        found = only(pipeline.verify())
        assert (found.kind, found.key, found.source_key) == ("set_aside", {"customer_id": "900001"}, "[900001]")
        assert "unknown code '?'" in found.cause
        plant("DELETE FROM overgrow.dead_letter WHERE state = 'open'")
        found = only(pipeline.verify())
        assert found.kind == "untranslatable"
        assert "unknown code '?'" in found.cause
    finally:
        pipeline.source("DELETE FROM public.cust_master WHERE cust_id = 900001")
        equal(pipeline)


def test_two_source_rows_with_one_target_key_collide(pipeline: Pipeline) -> None:
    line = RowMaker(0).order_line("COLLIDE", 1, 1)
    insert(pipeline, "ord_line", line)
    equal(pipeline)
    insert(pipeline, "ord_line", line._replace(ord_no="  COLLIDE"))
    try:
        found = only(pipeline.verify())
        assert (found.kind, found.key) == ("collision", {"order_no": "COLLIDE", "line_no": "1"})
        assert json.loads(found.source_key)[0] == "  COLLIDE "
    finally:
        pipeline.source("DELETE FROM public.ord_line WHERE ord_no LIKE '%COLLIDE%'")
        equal(pipeline)


def insert(pipeline: Pipeline, table: str, row: tuple[Any, ...]) -> None:
    pipeline.source(f"INSERT INTO public.{table} VALUES ({', '.join(['%s'] * len(row))})", *row)


@contextmanager
def busy(pipeline: Pipeline) -> Iterator[None]:
    """Somebody writes a customer all the time, and leaves it as it is."""
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        with psycopg.connect(pipeline.env["OVERGROW_SOURCE_DSN"], autocommit=True) as connection:
            while not stop.is_set():
                connection.execute(
                    "UPDATE public.cust_master SET bal_amt = bal_amt"
                    " WHERE cust_id = (SELECT max(cust_id) FROM public.cust_master)"
                )
                begun.set()
                stop.wait(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(10)
    try:
        yield
    finally:
        stop.set()
        writer.join()


def test_while_the_source_is_written_it_says_so_and_lists_no_difference(pipeline: Pipeline, plant: Plant) -> None:
    key = pipeline.target(f"SELECT customer_id::text FROM crm.customers WHERE {FIRST}")[0][0]
    plant(f"UPDATE crm.customers SET name = 'nobody' WHERE {FIRST}")
    plant(f"DELETE FROM crm.order_lines WHERE {FIRST_LINE}")
    with busy(pipeline):
        report = pipeline.verify()
    found = {one.mapping: one for one in report.comparisons}
    customers, lines = found["customers"], found["order_lines"]
    assert not customers.quiet
    assert customers.differing == 0
    assert {"customer_id": key} in [one.key for one in report.undecided_rows]
    assert lines.quiet, "nobody writes order lines"
    assert [one.kind for one in report.differences] == ["missing"]
    assert report.document(values=True)["source_quiet"] is False
    assert pipeline.verify().differing == 2


def test_while_the_source_is_written_the_command_exits_undecided(pipeline: Pipeline, plant: Plant) -> None:
    plant(f"UPDATE crm.customers SET name = 'nobody' WHERE {FIRST}")
    with busy(pipeline):
        done = pipeline.run("verify")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "The source is still being written" in done.stdout


@contextmanager
def absent_standby(pipeline: Pipeline) -> Iterator[None]:
    """Commits wait for a standby that never answers: they are in the log, and not yet visible."""
    pipeline.source("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    pipeline.source("SELECT pg_reload_conf()")
    until(lambda: pipeline.source("SHOW synchronous_standby_names") == [("nobody",)], "the setting is not in force")
    try:
        yield
    finally:
        pipeline.source("ALTER SYSTEM RESET synchronous_standby_names")
        pipeline.source("SELECT pg_reload_conf()")


def test_a_target_that_is_ahead_of_the_source_is_not_called_different(pipeline: Pipeline) -> None:
    equal(pipeline)
    write = "UPDATE public.cust_master SET cust_nm = 'ahead ' || random() WHERE cust_id = 4 RETURNING trim(cust_nm)"
    before = pipeline.target("SELECT name FROM crm.customers WHERE customer_id = 4")
    writer = threading.Thread(target=lambda: pipeline.source(write))
    with absent_standby(pipeline):
        writer.start()
        until(
            lambda: pipeline.target("SELECT name FROM crm.customers WHERE customer_id = 4") != before,
            "the change never came through",
        )
        assert pipeline.source("SELECT cust_nm FROM public.cust_master WHERE cust_id = 4") == before
        report = pipeline.verify()
    writer.join()
    assert report.quiet
    assert report.differences == ()
    assert [one.key for one in report.undecided_rows] == [{"customer_id": "4"}]
    assert report.verdict == "undecided"
    equal(pipeline)


def test_a_worker_that_stands_still_is_named_by_its_partition(pipeline: Pipeline) -> None:
    equal(pipeline)
    with pipeline.frozen_worker():
        pipeline.source("UPDATE public.cust_master SET bal_amt = bal_amt + 1 WHERE cust_id = 2")
        with pytest.raises(StandsStill, match=r"no worker has moved") as caught:
            pipeline.verify(patience=1.0)
    assert f"{pipeline.name}.public.cust_master[" in str(caught.value)
    assert "ord_line" not in str(caught.value)
    equal(pipeline)


def test_a_paused_connector_is_named(pipeline: Pipeline) -> None:
    with pipeline.paused_connector(), pytest.raises(StandsStill, match=f"connector {pipeline.name} is PAUSED"):
        pipeline.verify(patience=1.0)
    equal(pipeline)


def test_a_database_that_goes_away_in_the_middle_is_named(pipeline: Pipeline) -> None:
    equal(pipeline)
    application = f"overgrow:{pipeline.name}:verify"
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
    with pipeline.frozen_worker():
        pipeline.source("UPDATE public.cust_master SET bal_amt = bal_amt + 1 WHERE cust_id = 3")
        waiting = pipeline.begin("verify")
        until(lambda: bool(pipeline.target(end, application)), "it never connected to the target")
        said = waiting.communicate(timeout=DEADLINE_SECONDS)[1]
    assert waiting.returncode == 5
    assert "the target database went away" in said
    assert "Traceback" not in said
    equal(pipeline)


@pytest.mark.parametrize("side", ["SOURCE", "TARGET"])
def test_an_unreachable_database_is_named_without_its_password(pipeline: Pipeline, side: str) -> None:
    done = pipeline.run("verify", **{f"OVERGROW_{side}_DSN": "postgresql://someone:hush-hush@127.0.0.1:1/shop"})
    assert done.returncode == 5
    assert f"the {side.lower()} database at 127.0.0.1:1/shop does not answer" in done.stderr
    assert "hush-hush" not in done.stdout + done.stderr


def test_a_mapping_that_changed_since_it_was_applied_is_no_drift(pipeline: Pipeline) -> None:
    document = pipeline.folder / "transforms" / "shop_acl" / "customers.yaml"
    text = document.read_text()
    document.write_text(text + "# changed\n")
    try:
        done = pipeline.run("verify")
    finally:
        document.write_text(text)
    assert done.returncode == 2
    assert "customers.yaml: mapping customers is not the one that was applied" in done.stderr


def test_it_leaves_nothing_behind_and_writes_nothing(pipeline: Pipeline) -> None:
    equal(pipeline)
    relations = "SELECT count(*) FROM pg_class WHERE relname LIKE 'og_%'"
    rows = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
    before = (pipeline.source(rows), pipeline.target(relations))
    equal(pipeline)
    assert (pipeline.source(rows), pipeline.target(relations)) == before
