"""Workers that die, sleep and have bugs, under live writes, looked at closely; at every point and in every way they do
so in `test_matrix.py`. Each record is applied exactly once.
"""

from __future__ import annotations

import signal

import pytest

from overgrow.testing.faults import Plant
from tests.faults.judge import judge
from tests.faults.pipeline import SESSION_SECONDS, Pipeline
from tests.faults.waiting import until
from tests.faults.worker import ARMED, Worker

pytestmark = pytest.mark.stack
SLOW_HEARTBEAT = "session_timeout_seconds: 10"  # one in 2 s; Kafka is told offsets every second
MOST_CLAIMS = 6  # three are usual: one worker takes all, then each its half


@pytest.mark.parametrize("seeded", [20_000])
def test_a_snapshot_while_writes_run_and_a_worker_dies_in_it(bare: Pipeline, seeded: int) -> None:
    bare.writer(rate=300)
    bare.apply()
    first = bare.worker()
    until(lambda: bare.commits() > 0, "the first batch of the snapshot", bare.state)
    first.kill()
    assert sum(at.received for at in bare.checkpoints().values()) < seeded, "no read waits: it died after the snapshot"
    bare.worker()
    bare.more_commits(20)
    bare.writers[0].done()
    found = [one.operations for one in judge(bare).values()]
    assert all("r" in one and len(one) > 1 for one in found), f"reads and live changes in every table: {found}"
    assert set().union(*found) == set("rcud"), f"changes of every kind: {found}"


def test_workers_whose_heartbeat_is_slower_than_their_commits_settle(bare: Pipeline) -> None:
    """A commit behind a JoinGroup is answered IllegalGeneration, and aiokafka joins once more: for ever, with two."""
    project = bare.folder / "overgrow.yaml"
    project.write_text(project.read_text().replace(f"session_timeout_seconds: {SESSION_SECONDS}", SLOW_HEARTBEAT))
    assert SLOW_HEARTBEAT in project.read_text()
    bare.apply()
    workers = [bare.worker("w1"), bare.worker("w2")]
    bare.more_commits(4)
    judge(bare)
    assert sum(len(worker.events("claimed")) for worker in workers) <= MOST_CLAIMS
    assert [worker.stop() for worker in workers] == [0, 0]


def test_a_zombie_returns_and_writes_nothing(hosted: Pipeline) -> None:
    zombie, heir = _pair(hosted)
    writer = hosted.writer(rate=300)
    hosted.more_commits(10)
    zombie.freeze()
    _taken_over(hosted)
    hosted.more_commits(10)
    _returns(hosted, zombie)
    writer.done()
    judge(hosted)
    assert [heir.stop(), zombie.stop()] == [0, 0]


def test_a_zombie_inside_a_transaction_blocks_nobody(hosted: Pipeline) -> None:
    zombie = hosted.worker("w1")
    writer = hosted.writer(rate=500)
    hosted.more_commits(10)
    session = until(lambda: _frozen_inside(hosted, zombie), "a worker frozen inside its transaction", hosted.state)
    before = hosted.owners()
    heir = hosted.worker("w2")
    until(lambda: not hosted.owners() & before, "the other worker has claimed every partition", hosted.state)
    hosted.more_commits(10)
    assert session not in _holders(hosted), "the zombie's session still holds its checkpoint"
    _returns(hosted, zombie)
    writer.done()
    judge(hosted)
    assert [heir.stop(), zombie.stop()] == [0, 0]


def test_a_worker_that_holds_records_and_commits_nothing_ends(hosted: Pipeline) -> None:
    """Heartbeats go on, so its group keeps it: only the watchdog sees it."""
    project = hosted.folder / "overgrow.yaml"
    session = f"session_timeout_seconds: {SESSION_SECONDS}"
    before = project.read_text()
    project.write_text(before.replace(session, f"{session}\n  stall_seconds: 5"))
    assert project.read_text() != before
    writer = hosted.writer()
    silent = hosted.worker(
        entry=ARMED, OVERGROW_FAULT=Plant(point="after_fetch", do="delay", hit=9, seconds=600).text()
    )
    code = silent.ended()
    project.write_text(before)
    assert code == 70
    (event,) = silent.events("watchdog")
    assert "with records waiting" in event["cause"]
    hosted.worker()
    writer.done()
    judge(hosted)


def test_a_worker_that_comes_back_with_a_table_more_gets_it(bare: Pipeline) -> None:
    """Within its session, under its own name: Kafka would give a static member only what it had."""
    mapping = bare.folder / "transforms" / "shop_acl" / "vouchers.yaml"
    project = bare.folder / "overgrow.yaml"
    project.write_text(project.read_text().replace(f"session_timeout_seconds: {SESSION_SECONDS}", SLOW_HEARTBEAT))
    connector = bare.folder / "connectors" / "shop.json"
    files = {mapping: mapping.read_text(), connector: connector.read_text()}
    mapping.unlink()
    connector.write_text(files[connector].replace(r",public\\.vchr", ""))
    assert connector.read_text() != files[connector]
    bare.reload()
    bare.apply()
    worker = bare.worker()
    bare.drained()
    for path, text in files.items():
        path.write_text(text)
    bare.reload()
    bare.command("plan")
    bare.command("apply")
    assert worker.stop() == 0
    bare.worker()
    until(lambda: len(bare.owners()) == 1, "one worker has everything", bare.state)
    bare.command("resnapshot", "--yes", "--allow", "0")
    judge(bare)


def test_a_bug_ends_the_worker_and_commits_nothing(hosted: Pipeline) -> None:
    writer = hosted.writer()
    fault = Plant(point="before_commit", do="raise", hit=12)
    broken = hosted.worker(entry=ARMED, OVERGROW_FAULT=fault.text())
    assert broken.ended() == 1
    assert "ZeroDivisionError: planted" in broken.tail()
    committed = {event["part"]: event["next"] for event in broken.events("committed")}
    assert len(broken.events("committed")) == fault.hit - 1
    assert {part: at for part, at in _stands(hosted).items() if part in committed} == committed
    hosted.worker()
    hosted.more_commits(10)
    writer.done()
    judge(hosted)


def _stands(pipeline: Pipeline) -> dict[str, int]:
    return {str(part): at.next for part, at in pipeline.checkpoints().items()}


def _pair(pipeline: Pipeline) -> tuple[Worker, Worker]:
    """Two workers that share the partitions."""
    first = pipeline.worker("w1")
    until(lambda: first.events("claimed"), "the first worker has claimed", pipeline.state)
    second = pipeline.worker("w2")
    until(lambda: second.events("claimed") and len(pipeline.owners()) == 2, "two workers share", pipeline.state)
    return first, second


def _taken_over(pipeline: Pipeline) -> None:
    until(lambda: len(pipeline.owners()) == 1, "the other worker has claimed every partition", pipeline.state)


def _returns(pipeline: Pipeline, zombie: Worker) -> None:
    """Wake it; wait until it has learned of its eviction and works again."""
    claims = len(zombie.events("claimed"))
    zombie.signal(signal.SIGCONT)
    until(lambda: len(zombie.events("claimed")) > claims, "the zombie is a member again", pipeline.state)


def _frozen_inside(pipeline: Pipeline, worker: Worker) -> int | None:
    """Freeze the only worker. Its session, if that holds a checkpoint inside a transaction; else let it go on."""
    worker.freeze()
    until(lambda: not _busy(pipeline), "the server has answered what the worker asked", pipeline.state)
    held = _holders(pipeline)
    if held:
        return held.pop()
    worker.signal(signal.SIGCONT)
    return None


def _busy(pipeline: Pipeline) -> bool:
    """Whether a worker's session is at work; one in the middle of a COPY waits for its client as well."""
    with pipeline.target() as target:
        row = target.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
            " AND state = 'active' AND wait_event IS DISTINCT FROM 'ClientRead'",
            [f"overgrow:{pipeline.name}"],
        ).fetchone()
        return row != (0,)


def _holders(pipeline: Pipeline) -> set[int]:
    """Sessions of workers that have locked a checkpoint."""
    with pipeline.target() as target:
        rows = target.execute(
            "SELECT pid FROM pg_locks WHERE mode = 'RowShareLock' AND relation = 'overgrow.checkpoint'::regclass"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return {pid for (pid,) in rows}
