"""`overgrow plan` and `apply` on the real systems: the missing is made once, a contradiction is refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from overgrow.stack import Endpoints
from tests.faults.pipeline import Pipeline, made

pytestmark = pytest.mark.stack


@pytest.fixture
def fresh(endpoints: Endpoints, tmp_path: Path) -> Iterator[Pipeline]:
    with made(endpoints, tmp_path) as pipeline:
        pipeline.seed(20)
        yield pipeline


def planned(pipeline: Pipeline, *words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in pipeline.command(*words, "--json").splitlines()]


def test_a_plan_changes_nothing_and_apply_makes_all_of_it_once(fresh: Pipeline) -> None:
    first = planned(fresh, "plan")
    assert [one["system"] for one in first[:1] + first[-1:]] == ["source", "connect"]
    assert planned(fresh, "apply", "--dry-run") == first
    assert not fresh.topics.describe(fresh.deployment.tables)
    made_now = planned(fresh, "apply")
    assert [one["does"] for one in made_now] == [one["does"] for one in first]
    assert all(one["done"] for one in made_now)
    assert planned(fresh, "plan") == []
    assert planned(fresh, "apply") == []
    deployment = fresh.deployment
    partitions = len(deployment.plans) * deployment.partitions
    with fresh.target() as target:
        begun = target.execute("SELECT count(*), min(next_offset), min(epoch) FROM overgrow.checkpoint").fetchone()
        assert begun == (partitions, 0, 1)
        assert target.execute("SELECT count(*) FROM overgrow.generation").fetchone() == (partitions,)
    dead_letters = f"overgrow.{fresh.name}.dlq"
    assert fresh.topics.describe([dead_letters])[dead_letters].partitions == 1


def test_one_system_at_a_time(fresh: Pipeline) -> None:
    assert {one["system"] for one in planned(fresh, "apply", "--only", "source", "--only", "topics")} == {
        "source",
        "topics",
    }
    assert {one["system"] for one in planned(fresh, "plan")} == {"target", "connect"}


def test_a_changed_mapping_needs_a_new_version(fresh: Pipeline) -> None:
    fresh.command("apply", "--only", "source", "--only", "topics", "--only", "target")
    path = fresh.folder / "transforms" / "shop_acl" / "customers.yaml"
    text = path.read_text()
    path.write_text(text.replace("max_length: 120", "max_length: 119"))
    fresh.command("plan", code=2)
    path.write_text(path.read_text().replace("version: 1", "version: 2"))
    change, told = planned(fresh, "apply", "--only", "target")
    assert (change["name"], change["does"], change["detail"]) == ("customers", "record the mapping's text", "version 2")
    assert told["does"] == "tell the control topic of epochs and generations"


def test_what_contradicts_the_project_is_refused(fresh: Pipeline) -> None:
    fresh.topics.create({f"{fresh.name}.public.cust_master": 3})
    assert "3 partitions" in refused(fresh, "plan", "--only", "topics", code=4)
    with fresh.source() as source:
        source.execute("ALTER TABLE public.cust_master ADD COLUMN extra int")
    assert "new column extra (integer)" in refused(fresh, "plan", "--only", "source", code=4)
    with fresh.source() as source:
        source.execute("ALTER TABLE public.cust_master DROP COLUMN extra, ALTER COLUMN bal_amt TYPE numeric(14,2)")
    assert "column bal_amt is numeric(14,2)" in refused(fresh, "plan", "--only", "source", code=4)
    with fresh.source() as source:
        source.execute("ALTER TABLE public.cust_master ALTER COLUMN bal_amt TYPE numeric(12,2)")
        source.execute("ALTER TABLE public.cust_master ALTER COLUMN city SET NOT NULL")
    assert "column city is" in refused(fresh, "plan", "--only", "source", code=4)
    with fresh.source() as source:
        source.execute("ALTER TABLE public.cust_master ALTER COLUMN city DROP NOT NULL, REPLICA IDENTITY FULL")
    assert "REPLICA IDENTITY full" in refused(fresh, "plan", "--only", "source", code=2)


def test_rows_that_nobody_stamped_are_not_taken_over(fresh: Pipeline) -> None:
    with fresh.target() as target:
        target.execute("CREATE SCHEMA crm; CREATE TABLE crm.order_lines (order_no text NOT NULL)")
    said = refused(fresh, "plan", "--only", "target", code=2)
    assert "column line_no is missing, the DDL says integer" in said
    assert "its primary key is (none), not (order_no, line_no)" in said
    ddl = (fresh.folder / "schemas" / "target" / "crm.sql").read_text()
    with fresh.target() as target:
        target.execute("DROP SCHEMA crm CASCADE")
        target.execute(ddl.encode())
        target.execute(
            "INSERT INTO crm.order_lines VALUES ('1', 1, 1, 's', 1, 1, NULL, 'open', false, NULL, now(), NULL)"
        )
    assert "has rows without stamps" in refused(fresh, "apply", "--only", "target", code=4)


def test_another_source_is_refused(fresh: Pipeline) -> None:
    fresh.command("apply", "--only", "source", "--only", "topics", "--only", "target")
    with fresh.target() as target:
        target.execute("UPDATE overgrow.pipeline SET timeline = timeline + 1")
    assert "Positions do not compare" in refused(fresh, "plan", "--only", "target", code=4)


def test_a_recreated_topic_is_refused(fresh: Pipeline) -> None:
    fresh.command("apply", "--only", "source", "--only", "topics", "--only", "target")
    topic = f"{fresh.name}.public.ord_line"
    fresh.topics.delete([topic])
    fresh.topics.create({topic: fresh.deployment.partitions})
    assert "recreated" in refused(fresh, "plan", "--only", "target", code=4)


def refused(pipeline: Pipeline, *words: str, code: int) -> str:
    """What the verb said when it refused."""
    done = pipeline.run(*words)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr.startswith("overgrow: ")
    assert "Traceback" not in done.stderr
    return done.stderr
