"""A new snapshot of a running pipeline: lost changes come back, rows that are gone go, under live writes."""

from __future__ import annotations

import json

import psycopg
import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from tests.faults.judge import judge
from tests.faults.pipeline import Pipeline
from tests.faults.waiting import until

pytestmark = pytest.mark.stack
LOST = 120  # more than the breaker lets go unasked


@pytest.mark.parametrize("seeded", [4000])
def test_changes_that_a_lost_slot_has_swallowed(bare: Pipeline, seeded: int) -> None:
    """The breaker holds a sweep that is larger than expected; the next run goes on behind the snapshot."""
    del seeded
    bare.apply()
    bare.worker()
    judge(bare)
    lines = _lines(bare)
    with bare.admin() as admin:
        until(lambda: _copied(admin, bare.name), "a copy of the target while nobody is connected", bare.state)
    _lose_changes(bare)
    held = bare.run("resnapshot", "--yes")
    assert held.returncode == 4, held.stderr
    assert f"did not show {LOST} of {lines} rows" in held.stderr
    assert f"overgrow resnapshot --allow {LOST}" in held.stderr
    assert _lines(bare) == lines, "the breaker has removed rows"
    writer = bare.writer()
    swept = json.loads(bare.command("resnapshot", "--yes", "--json", "--allow", str(LOST)))
    assert swept["crm.order_lines"]["removed"] == LOST
    writer.done()
    judge(bare)
    with bare.target() as target:
        rows = target.execute("SELECT DISTINCT number, swept_at IS NULL FROM overgrow.generation ORDER BY 1").fetchall()
        assert rows == [(0, False), (1, False)]
    _restored_to_before_the_generation(bare)


def _restored_to_before_the_generation(pipeline: Pipeline) -> None:
    """The control topic remembers what the copy has forgotten: refused, taught, caught up with, swept again."""
    for worker in pipeline.workers:
        assert worker.stop() == 0
    _restored(pipeline)
    worker = pipeline.worker()
    assert worker.ended() == 4
    (refused,) = worker.events("refused")
    assert "it is an older copy" in refused["message"]
    assert "learn a generation" in pipeline.command("apply")
    worker = pipeline.worker()
    pipeline.command("resnapshot", "--yes", "--allow", str(LOST))
    judge(pipeline)
    assert worker.stop() == 0


def _copied(admin: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    """False while a worker's or a relay's session is in the way; they come back by themselves."""
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    try:
        admin.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}".encode())
    except psycopg.errors.ObjectInUse:
        return False
    return True


def test_a_snapshot_that_began_again_by_itself(bare: Pipeline) -> None:
    """The worker stops by name at the second one; the generation behind both lets it pass, and sweeps."""
    bare.apply()
    bare.connect.wait_running(bare.name)
    until(lambda: sum(bare.ends().values()) > 0, "the first snapshot has begun", bare.state)
    bare.connect.stop(bare.name)
    bare.connect.forget_offsets(bare.name)  # as good as a death before the first offset was flushed
    bare.connect.resume(bare.name)
    worker = bare.worker()
    assert worker.ended() == 4
    (refused,) = worker.events("refused")
    assert refused["code"] == "second-snapshot"
    assert "overgrow resnapshot" in refused["message"]
    beginning = bare.run("resnapshot", "--yes", "--timeout", "5")
    assert beginning.returncode == 1, "no worker runs: it gives up, and goes on later"
    assert "next: start `overgrow worker`" in beginning.stderr
    worker = bare.worker()
    bare.command("resnapshot", "--yes")
    judge(bare)
    assert worker.stop() == 0


def test_adopting_a_recreated_topic_and_more_partitions(bare: Pipeline) -> None:
    """All differences are named at once; one epoch for all of them ends where the source stands."""
    bare.apply()
    worker = bare.worker()
    bare.drained()
    assert worker.stop() == 0
    before = bare.deployment.partitions
    others = _recreated_and_grown(bare, 6)
    with bare.source() as source:
        source.execute("DELETE FROM public.ord_line WHERE line_no = 1")
        source.execute("UPDATE public.ord_line SET qty = qty + 1")
    worker = bare.worker()
    assert worker.ended() == 4
    with bare.admin() as admin_of_target:
        until(lambda: _copied(admin_of_target, bare.name), "a copy from before the adoption", bare.state)
    shown = bare.run("adopt", "--dry-run")
    assert shown.returncode == 3, shown.stderr
    assert shown.stderr.count(f"{before} partitions are now 6") == len(others)
    assert shown.stderr.count("it was recreated") == 1
    worker = bare.worker()
    assert worker.ended() == 4
    writer = bare.writer()
    _adopted(bare, epoch=2)
    _restored(bare)
    refused = bare.run("apply")
    assert (refused.returncode, "Next: `overgrow adopt`" in refused.stderr) == (4, True), refused.stderr
    shown = bare.run("adopt", "--dry-run")
    assert (shown.returncode, "the control topic knows 2" in shown.stderr) == (3, True), shown.stderr
    _adopted(bare, epoch=3)
    writer.done()
    bare.worker("w4")
    bare.command("verify")
    assert bare.run("adopt", "--dry-run").returncode == 0


def _recreated_and_grown(pipeline: Pipeline, partitions: int) -> list[str]:
    """One topic is made anew, the others get more partitions, and the project says so; the others."""
    topic = f"{pipeline.name}.public.ord_line"
    pipeline.connect.stop(pipeline.name)
    pipeline.topics.delete([topic])
    pipeline.topics.create({topic: partitions})
    others = [one for one in pipeline.deployment.tables if one != topic]
    admin = AdminClient({"bootstrap.servers": pipeline.kafka})
    for future in admin.create_partitions([NewPartitions(one, partitions) for one in others]).values():
        future.result()
    project = pipeline.folder / "overgrow.yaml"
    said = f"partitions: {pipeline.deployment.partitions}"
    project.write_text(project.read_text().replace(said, f"partitions: {partitions}"))
    pipeline.reload()
    assert pipeline.deployment.partitions == partitions
    return others


def _adopted(pipeline: Pipeline, *, epoch: int) -> None:
    adopting = pipeline.begin("adopt", "--yes", "--allow", "10000")
    until(lambda: "takes a snapshot" in adopting.told(), "the epoch has begun", adopting.told)
    worker = pipeline.worker("w3")
    assert adopting.ended() == 0, adopting.told()
    with pipeline.target() as target:
        rows = target.execute("SELECT DISTINCT epoch, partition_count FROM overgrow.checkpoint").fetchall()
        assert rows == [(epoch, 6)]
    assert worker.stop() == 0


def _restored(pipeline: Pipeline) -> None:
    with pipeline.admin() as admin:
        admin.execute(f"DROP DATABASE {pipeline.name} WITH (FORCE)".encode())
        admin.execute(f"ALTER DATABASE {pipeline.name}_copy RENAME TO {pipeline.name}".encode())


def _lose_changes(pipeline: Pipeline) -> None:
    """The slot goes while the connector is stopped; what is written until the next one exists is in no log."""
    pipeline.connect.stop(pipeline.name)
    with pipeline.source() as source:
        until(lambda: _dropped(source, pipeline.name), "the slot is free", pipeline.state)
        source.execute("UPDATE public.cust_master SET city = 'lost' WHERE cust_id % 3 = 0")
        some = "SELECT ctid FROM public.ord_line LIMIT %s"
        done = source.execute(f"DELETE FROM public.ord_line WHERE ctid = ANY(ARRAY({some}))".encode(), [LOST])
        assert done.rowcount == LOST


def _lines(pipeline: Pipeline) -> int:
    with pipeline.target() as target:
        row = target.execute("SELECT count(*) FROM crm.order_lines").fetchone()
        return int(row[0]) if row else 0


def _dropped(source: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    held = source.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", [name]).fetchone()
    if held == (False,):
        source.execute("SELECT pg_drop_replication_slot(%s)", [name])
    return held != (True,)
