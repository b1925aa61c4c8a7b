"""What needs a person's decision ends the worker by name, with everything before it applied and nothing after."""

from __future__ import annotations

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from tests.faults.judge import judge
from tests.faults.pipeline import Pipeline
from tests.faults.waiting import until

pytestmark = pytest.mark.stack


def test_a_recreated_topic_is_refused(bare: Pipeline) -> None:
    bare.apply()
    worker = bare.worker()
    judge(bare)
    assert worker.stop() == 0
    topic, left, applied = f"{bare.name}.public.cust_master", bare.checkpoints(), bare.commits()
    rows = _digest(bare, "crm.customers")
    bare.connect.stop(bare.name)
    bare.topics.delete([topic])
    bare.topics.create({topic: bare.deployment.partitions})
    bare.connect.resume(bare.name)
    writer = bare.writer(rate=1000)
    until(
        lambda: any(end > left[part].next for part, end in bare.ends().items() if part.topic == topic),
        "the new topic looks like one that went on from the checkpoint",
        bare.state,
    )
    worker = bare.worker()
    assert worker.ended() == 4
    assert {event["code"] for event in worker.events("refused")} == {"identity-changed"}, worker.tail()
    writer.done()
    assert bare.commits() == applied
    assert {part: at.next for part, at in bare.checkpoints().items()} == {part: at.next for part, at in left.items()}
    assert _digest(bare, "crm.customers") == rows


def test_a_truncate_stops_right_before_it(bare: Pipeline) -> None:
    bare.apply()
    worker = bare.worker()
    writer = bare.writer()
    bare.more_commits(10)
    writer.done()
    judge(bare)
    rows = _digest(bare, "crm.order_lines")
    with bare.source() as source:
        source.execute("TRUNCATE public.ord_line")
    assert worker.ended() == 4
    assert {event["code"] for event in worker.events("refused")} == {"truncate"}, worker.tail()
    truncates = bare.folded(f"{bare.name}.public.ord_line").truncates
    assert len(truncates) == 1
    for _ in range(2):  # the next start finds it again
        stands = {part: at.next for part, at in bare.checkpoints().items() if part in truncates}
        assert stands == truncates
        assert _digest(bare, "crm.order_lines") == rows
        worker = bare.worker()
        assert worker.ended() == 4
    _starts_over(bare)


def _starts_over(pipeline: Pipeline) -> None:
    """What the stop's message names: asked for, shown, done; then a new snapshot, and live changes behind it."""
    shown = pipeline.command("apply", "--start-over", "--dry-run")
    for what in ("delete the connector", "drop the replication slot", "delete the topic", "empty the mapped tables"):
        assert what in shown
    before = pipeline.checkpoints()
    asked = pipeline.run("apply", "--start-over")  # no terminal, no --yes: nobody has said yes
    assert asked.returncode == 1, asked.stderr
    assert pipeline.checkpoints() == before
    pipeline.command("apply", "--start-over", "--yes")
    with pipeline.target() as target:
        target.execute("TRUNCATE overgrow_test.range_log")
    assert {at.next for at in pipeline.checkpoints().values()} == {0}
    worker = pipeline.worker()
    writer = pipeline.writer()
    pipeline.more_commits(10)
    writer.done()
    judge(pipeline)
    assert worker.stop() == 0


def _digest(pipeline: Pipeline, table: str) -> tuple[str, ...]:
    with pipeline.target() as target:
        query = f"SELECT count(*)::text, md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
        row = target.execute(query.encode()).fetchone()
        assert row is not None
        return tuple(row)


@pytest.mark.parametrize("host", ["faust", "confluent"])
def test_a_log_that_begins_behind_the_checkpoint_is_refused(bare: Pipeline, host: str) -> None:
    bare.host = host
    bare.apply()
    worker = bare.worker()
    judge(bare)
    assert worker.stop() == 0
    left, applied = bare.checkpoints(), bare.commits()
    writer = bare.writer(rate=1000)
    topic = f"{bare.name}.public.ord_line"
    lost = next(part for part in left if part.topic == topic)
    until(lambda: bare.ends()[lost] > left[lost].next + 5, "records came that nobody has applied", bare.state)
    writer.done()
    admin = AdminClient({"bootstrap.servers": bare.kafka})
    place = TopicPartition(topic, lost.partition, left[lost].next + 3)
    for future in admin.delete_records([place]).values():
        future.result()
    worker = bare.worker()
    assert worker.ended() == 4
    (refused,) = worker.events("refused")
    assert refused["code"] == "offset-out-of-range"
    assert f"{left[lost].next}" in refused["message"]
    assert bare.checkpoints()[lost].next == left[lost].next
    assert bare.commits() >= applied
    shown = bare.run("adopt", "--dry-run")
    assert (shown.returncode, shown.stderr.count("behind its checkpoint")) == (3, 1), shown.stderr
    adopting = bare.begin("adopt", "--yes")
    until(lambda: "takes a snapshot" in adopting.told(), "the epoch has begun", adopting.told)
    bare.worker()
    assert adopting.ended() == 0, adopting.told()
    bare.command("verify")
