"""`overgrow doctor` on the real stack: a healthy pipeline has nothing, each planted fault has its name."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from overgrow.model import Part
from tests.faults.pipeline import DRAIN_SECONDS, Connection, Pipeline
from tests.faults.waiting import until
from tests.faults.worker import OVERGROW

pytestmark = pytest.mark.stack
LINES = "public.ord_line"
NOWHERE = "postgresql://someone:hush-hush@127.0.0.1:1/shop"
Found = dict[tuple[str, str], dict[str, Any]]


def doctor(pipeline: Pipeline, code: int) -> Found:
    """What is not well, by check and subject."""
    done = pipeline.run("doctor", "--json")
    assert done.returncode == code, done.stdout + done.stderr
    findings = json.loads(done.stdout)["findings"]
    return {(one["check"], one["subject"]): one for one in findings if one["level"] != "ok"}


def levels(found: Found) -> dict[tuple[str, str], str]:
    return {key: one["level"] for key, one in found.items()}


@contextmanager
def done_and_undone(connection: Connection, one: str, other: str) -> Iterator[None]:
    connection.execute(one.encode())
    try:
        yield
    finally:
        connection.execute(other.encode())


def test_a_healthy_pipeline_has_no_finding(pipeline: Pipeline) -> None:
    pipeline.drained()
    assert doctor(pipeline, 0) == {}
    shown = pipeline.command("doctor")
    assert all(check in shown for check in ("slot-kept", "task-running", "log-start", "target-writable", "workers"))


def test_before_the_first_apply_there_are_only_warnings(own: Pipeline) -> None:
    found = doctor(own, 0)
    assert set(levels(found).values()) == {"warn"}
    checks = {check for check, _ in found}
    assert {"slot-exists", "publication", "connector-exists", "topic-exists", "own-tables"} <= checks
    assert all("overgrow apply" in one["next"] for one in found.values())


def test_a_failed_task_behind_a_running_connector(pipeline: Pipeline) -> None:
    config = pipeline.connect.config(pipeline.name) or {}
    config.pop("name")
    # The operation is a letter: the first change makes the task fail.
    cast = {
        "transforms": "cast",
        "transforms.cast.type": "org.apache.kafka.connect.transforms.Cast$Value",
        "transforms.cast.spec": "op:int32",
    }
    pipeline.connect.put_config(pipeline.name, {**config, **cast})
    try:
        with pipeline.source() as source:
            source.execute("UPDATE public.ord_line SET qty = qty + 1")
        until(lambda: _states(pipeline) == ["RUNNING", "FAILED"], "the task fails", pipeline.state)
        found = doctor(pipeline, 3)
    finally:
        pipeline.connect.put_config(pipeline.name, config)
    task = found["task-running", f"{pipeline.name}/0"]
    assert task["level"] == "fail"
    assert task["text"].startswith("FAILED behind a RUNNING connector: org.apache.kafka.connect.errors.Connect")
    assert ("connector-running", pipeline.name) not in found
    assert found["connector-config", pipeline.name]["text"].startswith("not the project's: transforms, ")
    pipeline.drained()
    until(lambda: _states(pipeline) == ["RUNNING", "RUNNING"], "the task runs", pipeline.state)
    until(lambda: _slot_active(pipeline), "the slot is read", pipeline.state)
    assert doctor(pipeline, 0) == {}


def test_a_table_that_has_left_the_publication(pipeline: Pipeline) -> None:
    publication = f"ALTER PUBLICATION {pipeline.name}"
    with (
        pipeline.source() as source,
        done_and_undone(source, f"{publication} DROP TABLE {LINES}", f"{publication} ADD TABLE {LINES}"),
    ):
        found = doctor(pipeline, 3)
    assert levels(found) == {("publication-table", LINES): "fail"}
    assert "overgrow apply --only source" in found["publication-table", LINES]["next"]


def test_a_replica_identity_and_operations_that_are_not_the_catalogues(pipeline: Pipeline) -> None:
    publication = f"ALTER PUBLICATION {pipeline.name} SET (publish = '%s')"
    whole = publication % "insert, update, delete, truncate"
    identity = f"ALTER TABLE {LINES} REPLICA IDENTITY"
    [declared] = [one.replica_identity for one in pipeline.deployment.project.plans if one.source_table == LINES]
    with (
        pipeline.source() as source,
        done_and_undone(source, f"{identity} NOTHING", f"{identity} {declared.upper()}"),
        done_and_undone(source, publication % "insert, update, truncate", whole),
    ):
        found = doctor(pipeline, 3)
    assert levels(found) == {
        ("publication-operations", pipeline.name): "fail",
        ("replica-identity", LINES): "fail",
    }


def test_a_target_that_cannot_be_written_and_a_constraint_that_came_too_early(pipeline: Pipeline) -> None:
    pipeline.drained()
    table, unique = "ALTER TABLE crm.order_lines", "order_lines_order_no_line_no_key"
    database = f"ALTER DATABASE {pipeline.name}"
    with (
        pipeline.target() as target,
        done_and_undone(target, f"{table} ADD UNIQUE (order_no, line_no)", f"{table} DROP CONSTRAINT {unique}"),
        pipeline.admin() as admin,
        done_and_undone(
            admin,
            f"{database} SET default_transaction_read_only = on",
            f"{database} RESET default_transaction_read_only",
        ),
    ):
        found = doctor(pipeline, 3)
    assert levels(found) == {("target-writable", "target"): "fail", ("constraints", "crm.order_lines"): "fail"}
    assert unique in found["constraints", "crm.order_lines"]["text"]


def test_a_log_that_begins_behind_the_checkpoint_nobody_at_work_and_a_slot_that_was_dropped(own: Pipeline) -> None:
    own.apply()
    until(lambda: own.sent() > 0, "the end of the snapshot", own.state)
    part, end = next((part, end) for part, end in sorted(own.ends().items()) if end > 1)
    _delete_records(own, part, end - 1)
    expected = {("log-start", str(part)): "fail", ("workers", own.deployment.group): "fail"}
    found = doctor(own, 3)
    assert levels(found) == expected
    assert found["log-start", str(part)]["text"] == f"records 0 to {end - 2} were deleted before they were applied"
    own.connect.stop(own.name)
    with own.source() as source:
        until(lambda: _dropped(source, own.name), "the slot is free", own.state)
    found = doctor(own, 3)
    assert levels(found) == expected | {("slot-exists", own.name): "fail", ("connector-running", own.name): "fail"}
    assert "changes are not kept" in found["slot-exists", own.name]["text"]


def test_what_does_not_answer_is_named_and_the_rest_is_looked_at(pipeline: Pipeline) -> None:
    pipeline.drained()
    known = dict(pipeline.env)
    try:
        pipeline.env |= {"OVERGROW_CONNECT": "http://127.0.0.1:1", "OVERGROW_SOURCE_DSN": NOWHERE}
        done = pipeline.run("doctor")
        found = doctor(pipeline, 5)
    finally:
        pipeline.env = known
    assert levels(found) == {("source-reachable", "source"): "fail", ("connect-reachable", "connect"): "fail"}
    assert "log-start" in done.stdout
    assert "hush-hush" not in done.stdout + done.stderr


def test_watching_tells_what_changes(pipeline: Pipeline) -> None:
    publication = f"ALTER PUBLICATION {pipeline.name}"
    words = ["--project", str(pipeline.folder), "doctor", "--watch", "0.2", "--json"]
    with subprocess.Popen([*OVERGROW, *words], env=pipeline.env, stdout=subprocess.PIPE, text=True) as watching:
        try:
            assert watching.stdout is not None
            lines = (json.loads(line) for line in watching.stdout)
            first = next(one for one in lines if one["check"] == "publication-table" and one["subject"] == LINES)
            assert (first["was"], first["level"]) == (None, "ok")
            with (
                pipeline.source() as source,
                done_and_undone(source, f"{publication} DROP TABLE {LINES}", f"{publication} ADD TABLE {LINES}"),
            ):
                assert _next_change(lines) == ("publication-table", LINES, "ok", "fail")
            assert _next_change(lines) == ("publication-table", LINES, "fail", "ok")
        finally:
            watching.send_signal(signal.SIGINT)
        assert watching.wait(DRAIN_SECONDS) == 0


def _next_change(lines: Iterator[dict[str, Any]]) -> tuple[str, str, str, str]:
    one = next(one for one in lines if one["was"] is not None)
    return one["check"], one["subject"], one["was"], one["level"]


def _states(pipeline: Pipeline) -> list[str]:
    """The connector's, then its tasks'."""
    status = pipeline.connect.status(pipeline.name)
    return [] if status is None else [status.connector, *(task.state for task in status.tasks)]


def _slot_active(pipeline: Pipeline) -> bool:
    with pipeline.source() as source:
        row = source.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", [pipeline.name]).fetchone()
    return bool(row and row[0])


def _dropped(source: Connection, name: str) -> bool:
    try:
        source.execute("SELECT pg_drop_replication_slot(%s)", [name])
    except psycopg.errors.ObjectInUse:
        return False
    return True


def _delete_records(pipeline: Pipeline, part: Part, before: int) -> None:
    admin = AdminClient({"bootstrap.servers": pipeline.kafka})
    [future] = admin.delete_records([TopicPartition(part.topic, part.partition, before)]).values()
    assert future.result(15).low_watermark == before
