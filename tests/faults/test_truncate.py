"""TRUNCATE at the source between writes, with workers that lag and die: what was before it is gone everywhere."""

from __future__ import annotations

import signal

import pytest

from legacy_shop.data import RowMaker
from tests.faults.judge import judge
from tests.faults.pipeline import Pipeline
from tests.faults.waiting import until

pytestmark = pytest.mark.stack
TRUNCATES, LINES = 3, 150


@pytest.fixture
def emptying(bare: Pipeline) -> Pipeline:
    """A pipeline whose order lines say `truncate: apply`."""
    mapping = bare.folder / "transforms" / "shop_acl" / "order_lines.yaml"
    text = mapping.read_text()
    mapping.write_text(text.replace("truncate: stop", "truncate: apply"))
    assert "truncate: apply" in mapping.read_text()
    bare.reload()
    bare.apply()
    return bare


@pytest.mark.parametrize("host", ["faust", "confluent"])
def test_truncates_between_writes(emptying: Pipeline, host: str) -> None:
    """One worker sleeps while the table fills, empties and fills again with the same keys: its partitions come late."""
    pipeline, topic = emptying, f"{emptying.name}.public.ord_line"
    pipeline.host = host
    workers = [pipeline.worker("w1"), pipeline.worker("w2")]
    until(lambda: len(pipeline.owners()) == 2, "two workers share the partitions", pipeline.state)
    make = RowMaker(7)
    for number in range(TRUNCATES):
        sleeper = workers[number % 2]
        sleeper.freeze()
        _fill(pipeline, make)
        with pipeline.source() as source:
            source.execute("TRUNCATE public.ord_line")
        _fill(pipeline, make)
        pipeline.more_commits(4)
        if number == 1:
            sleeper.kill()
            workers[1] = pipeline.worker("w2")
        else:
            sleeper.signal(signal.SIGCONT)
        pipeline.drained()
    found = judge(pipeline)
    assert found[topic].operations["t"] >= TRUNCATES
    assert found[topic].gone > 0
    with pipeline.target() as target:
        assert target.execute("SELECT count(*) FROM overgrow.truncation").fetchone() == (1,)
    assert {worker.code for worker in workers} == {None}


def _fill(pipeline: Pipeline, make: RowMaker) -> None:
    """The same keys each time: inserted, half of them changed, a few deleted; a transaction each."""
    with pipeline.source() as source:
        for line in range(1, LINES):
            row = make.order_line(f"T{line % 20}", line, 1)
            marks = ", ".join(["%s"] * len(row))
            source.execute(f"INSERT INTO public.ord_line VALUES ({marks}) ON CONFLICT DO NOTHING".encode(), row)
        source.execute("UPDATE public.ord_line SET qty = qty + 1 WHERE line_no % 2 = 0")
        source.execute("DELETE FROM public.ord_line WHERE line_no % 7 = 0")
