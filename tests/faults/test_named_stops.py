"""What needs a person's decision ends the worker by name, with everything before it applied and nothing after."""

from __future__ import annotations

import pytest

from tests.faults.folding import fold
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
    topic = f"{bare.name}.public.ord_line"
    ends = {part.partition: end for part, end in bare.ends().items() if part.topic == topic}
    truncates = fold(bare.kafka, topic, ends, bare.deployment.project.placeholder).truncates
    assert len(truncates) == 1
    for _ in range(2):  # the next start finds it again
        stands = {part: at.next for part, at in bare.checkpoints().items() if part in truncates}
        assert stands == truncates
        assert _digest(bare, "crm.order_lines") == rows
        worker = bare.worker()
        assert worker.ended() == 4


def _digest(pipeline: Pipeline, table: str) -> tuple[str, ...]:
    with pipeline.target() as target:
        query = f"SELECT count(*)::text, md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
        row = target.execute(query.encode()).fetchone()
        assert row is not None
        return tuple(row)
