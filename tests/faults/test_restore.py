"""A target that is restored from an older copy, under running workers and live writes, catches up by itself."""

from __future__ import annotations

import pytest

from tests.faults.judge import judge
from tests.faults.pipeline import Pipeline
from tests.faults.waiting import until

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("host", ["faust", "confluent"])
def test_a_restored_target_catches_up(bare: Pipeline, host: str) -> None:
    bare.host = host
    bare.apply()
    first = bare.worker()
    writer = bare.writer()
    bare.more_commits(10)
    assert first.stop() == 0
    with bare.admin() as admin:
        admin.execute(f"CREATE DATABASE {bare.name}_copy TEMPLATE {bare.name}")
    bare.worker()
    bare.worker("w2")
    until(lambda: len(bare.owners()) == 2, "both workers own partitions", bare.state)
    bare.more_commits(20)
    before = sum(one.next for one in bare.checkpoints().values())
    with bare.admin() as admin:
        admin.execute(f"DROP DATABASE {bare.name} WITH (FORCE)")
        admin.execute(f"ALTER DATABASE {bare.name}_copy RENAME TO {bare.name}")
    assert sum(one.next for one in bare.checkpoints().values()) < before, "the copy is older, or this shows nothing"
    bare.more_commits(20)
    writer.done()
    judge(bare)
