"""Systems that go away, under live writes: workers wait, everything is caught up with, nothing is applied twice."""

from __future__ import annotations

import pytest

from overgrow.stack import Stack
from tests.faults.judge import judge
from tests.faults.pipeline import Pipeline
from tests.faults.waiting import until
from tests.faults.worker import Worker

pytestmark = pytest.mark.stack
OUTAGE_SECONDS = 20.0
KILLS = 3  # of Connect at most: one right behind a flush of its offsets (every 200 ms) sends nothing again


def test_the_target_is_away(hosted: Pipeline, stack: Stack) -> None:
    worker = hosted.worker()
    writer = hosted.writer()
    hosted.more_commits(10)
    stack.kill("target")
    until(lambda: _retried(worker) >= OUTAGE_SECONDS, f"retries over {OUTAGE_SECONDS:g} s", worker.tail)
    stack.up()
    hosted.more_commits(10)
    writer.done()
    judge(hosted)
    assert worker.stop() == 0


def test_a_worker_that_starts_while_the_target_is_away_waits_for_it(hosted: Pipeline, stack: Stack) -> None:
    writer = hosted.writer()
    stack.kill("target")
    worker = hosted.worker()
    until(lambda: _retried(worker) >= OUTAGE_SECONDS + 5, "a claim that waits longer than 20 s", worker.tail)
    stack.up()
    hosted.more_commits(10)
    writer.done()
    judge(hosted)
    assert worker.stop() == 0


def test_a_worker_that_waits_for_the_target_can_be_stopped(hosted: Pipeline, stack: Stack) -> None:
    worker = hosted.worker()
    writer = hosted.writer()
    hosted.more_commits(5)
    stack.kill("target")
    until(lambda: bool(worker.events("sink-retry")), "the worker waits for the target", worker.tail)
    assert worker.stop() == 0
    stack.up()
    writer.done()
    worker = hosted.worker()
    judge(hosted)
    assert worker.stop() == 0


def test_connect_is_killed_and_sends_again(pipeline: Pipeline, stack: Stack) -> None:
    worker = pipeline.worker()
    writer = pipeline.writer(rate=500)
    pipeline.more_commits(10)
    for _ in range(KILLS):
        stack.kill("connect")
        stack.up()
        pipeline.connect.wait_running(pipeline.name)
        pipeline.more_commits(10)
        if any(pipeline.folded(topic).again for topic in pipeline.deployment.plans):
            break
    writer.done()
    found = judge(pipeline)
    assert sum(one.again for one in found.values()) > 0, "no event came twice: the kill has shown nothing"
    assert worker.stop() == 0


def test_without_committed_offsets_it_resumes_at_the_checkpoint(pipeline: Pipeline) -> None:
    worker = pipeline.worker()
    writer = pipeline.writer()
    pipeline.more_commits(10)
    assert worker.stop() == 0
    pipeline.forget_group()
    left = {str(part): at.next for part, at in pipeline.checkpoints().items()}
    worker = pipeline.worker()
    claimed = until(lambda: worker.events("claimed"), "the worker has claimed", pipeline.state)
    assert claimed[0]["parts"] == left
    writer.done()
    judge(pipeline)


def test_a_missing_checkpoint_is_refused(pipeline: Pipeline) -> None:
    first = pipeline.worker()
    until(lambda: first.events("claimed"), "the worker is at work", pipeline.state)
    judge(pipeline)
    assert first.stop() == 0
    with pipeline.target() as target:
        one = "topic LIKE '%%cust_master' AND partition = 1"
        target.execute(f"CREATE TABLE saved AS SELECT * FROM overgrow.checkpoint WHERE {one}".encode())
        target.execute(f"DELETE FROM overgrow.checkpoint WHERE {one}".encode())
        try:
            writer = pipeline.writer()
            before = pipeline.commits()
            worker = pipeline.worker()
            assert worker.ended() == 4
            assert [event["code"] for event in worker.events("refused")] == ["no-checkpoint"]
            assert pipeline.commits() == before
        finally:
            target.execute("INSERT INTO overgrow.checkpoint SELECT * FROM saved")
            target.execute("DROP TABLE saved")
    pipeline.worker()
    writer.done()
    judge(pipeline)


def _retried(worker: Worker) -> float:
    """Seconds between the first and the last attempt that found the target away."""
    assert worker.code is None, worker.tail()
    times = [event["at"] for name in ("sink-retry", "claim-retry") for event in worker.events(name)]
    return max(times) - min(times) if times else 0.0
