"""`overgrow apply --constraints`: refused until the pipeline is at rest; then added and validated, or rows named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from overgrow.kafka import groups
from overgrow.kafka.answer import Admin
from overgrow.provision import constraints
from overgrow.stack import Stack
from tests.faults.pipeline import Pipeline, made
from tests.faults.waiting import until

pytestmark = pytest.mark.stack
DECLARED = """
ALTER TABLE crm.customers ADD CONSTRAINT customers_ref UNIQUE (external_ref);
CREATE UNIQUE INDEX customers_named ON crm.customers (lower(name), customer_id) WHERE vip;
ALTER TABLE crm.order_lines ADD CONSTRAINT lines_customer FOREIGN KEY (customer_id) REFERENCES crm.parents;
ALTER TABLE crm.order_lines ADD CONSTRAINT lines_price CHECK (unit_price >= 0);
"""
NAMES = ["customers_ref", "customers_named", "lines_customer", "lines_price"]
# Customers that the mapping leaves out have order lines too: the foreign key goes to a table that has them all.
PARENTS = "CREATE TABLE crm.parents (customer_id bigint PRIMARY KEY);"


@pytest.fixture(scope="module")
def applied(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with made(stack.up(), tmp_path_factory.mktemp("constraints")) as pipeline:
        pipeline.seed(60)
        schemas = pipeline.folder / "schemas" / "target"
        (schemas / "late.sql").write_text(DECLARED)
        project = pipeline.folder / "overgrow.yaml"
        document = yaml.safe_load(project.read_text())
        document["target"]["constraints"].append("schemas/target/late.sql")  # after the example's own
        project.write_text(yaml.safe_dump(document))
        with (schemas / "crm.sql").open("a") as ddl:
            ddl.write(PARENTS)
        pipeline.reload()
        pipeline.apply()
        work(pipeline)
        with pipeline.target() as target:
            target.execute("INSERT INTO crm.parents SELECT DISTINCT customer_id FROM crm.order_lines")
        yield pipeline


def work(pipeline: Pipeline) -> None:
    """Apply all there is; afterwards no worker is left, nor in the group's memory."""
    worker = pipeline.worker()
    pipeline.drained()
    assert worker.stop() == 0
    group = pipeline.deployment.group
    admin = Admin(pipeline.kafka, timeout=15)
    until(lambda: not groups.members(admin, group), f"group {group} is empty", pipeline.state)


def there(pipeline: Pipeline) -> dict[str, bool]:
    """Name to whether it holds for every row."""
    with pipeline.target() as target:
        found = target.execute(
            "SELECT conname, convalidated FROM pg_constraint WHERE conname = ANY (%s)"
            " UNION ALL SELECT relname, indisvalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
            " WHERE relname = 'customers_named'",
            [NAMES],
        ).fetchall()
        return dict(found)


def refused(pipeline: Pipeline) -> str:
    done = pipeline.run("apply", "--constraints")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_refused_until_everything_is_applied_and_the_workers_are_gone(applied: Pipeline) -> None:
    with applied.source() as source:
        source.execute("UPDATE public.cust_master SET city = 'Hull' WHERE cust_id = 1")
    said = refused(applied)
    assert f"{applied.name}.public.cust_master[" in said
    assert "records wait" in said
    worker = applied.worker("w9")
    applied.drained()
    assert "workers" in (said := refused(applied))
    assert "w9" in said
    assert worker.stop() == 0
    group = applied.deployment.group
    admin = Admin(applied.kafka, timeout=15)
    until(lambda: not groups.members(admin, group), f"group {group} is empty", applied.state)
    applied.connect.pause(applied.name)
    with applied.source() as source:  # the log goes on behind what the connector has committed
        source.execute("SELECT pg_logical_emit_message(false, 'constraints', '')")
    try:
        assert "not drained: connector" in refused(applied)
    finally:
        applied.connect.resume(applied.name)
    assert there(applied) == {}


def test_added_and_validated_or_refused_by_the_rows(applied: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = [
        json.loads(line) for line in applied.command("apply", "--constraints", "--dry-run", "--json").splitlines()
    ]
    names = [one["name"].split()[1] for one in planned]
    assert names[-len(NAMES) :] == NAMES
    assert len(names) > len(NAMES)
    assert not any(one["done"] for one in planned)
    assert there(applied) == {}

    with broken(applied, "crm.customers", "external_ref", "'6f1c9d42-0000-0000-0000-000000000001'", rows=2):
        said = refused(applied)
        assert "unique customers_ref on crm.customers does not hold: 2 rows, for example customer_id=" in said
        assert said.count("external_ref=6f1c9d42-0000-0000-0000-000000000001") == 2
        assert there(applied) == {}
    with broken(applied, "crm.order_lines", "customer_id", "-5", rows=1):
        said = refused(applied)
        assert "schemas/target/late.sql:4: foreign key lines_customer" in said
        assert "1 rows, for example line_no=" in said
        assert "(customer_id=-5)" in said
        assert there(applied) == {"customers_ref": True, "customers_named": True}
    with broken(applied, "crm.order_lines", "unit_price", "-1", rows=6):
        assert "6 rows, for example line_no=" in refused(applied)
        assert there(applied) == {"customers_ref": True, "customers_named": True, "lines_customer": True}
    assert "1 changes made" in applied.run("apply", "--constraints").stderr
    assert there(applied) == dict.fromkeys(NAMES, True)
    assert "nothing to change" in applied.run("apply", "--constraints").stderr

    with applied.target() as target:  # as a run leaves it that is killed between the two steps
        target.execute("ALTER TABLE crm.order_lines DROP CONSTRAINT lines_price")
        target.execute("ALTER TABLE crm.order_lines ADD CONSTRAINT lines_price CHECK (unit_price >= 0) NOT VALID")
    assert "validate the check" in applied.command("apply", "--constraints")
    assert there(applied) == dict.fromkeys(NAMES, True)

    monkeypatch.setenv("OVERGROW_TARGET_DSN", applied.target_dsn)
    for change in constraints.removals(applied.deployment):
        change.make()
    assert there(applied) == {}


@contextmanager
def broken(pipeline: Pipeline, table: str, column: str, value: str, *, rows: int) -> Iterator[None]:
    """So many rows spoilt in the target; they are as before at the end."""
    with pipeline.target() as target:
        target.execute(f"CREATE TABLE public.kept AS SELECT * FROM {table}".encode())
        target.execute(
            f"UPDATE {table} SET {column} = {value}"
            f" WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} LIMIT {rows}))".encode()
        )
        try:
            yield
        finally:
            target.execute(f"DELETE FROM {table}".encode())
            target.execute(f"INSERT INTO {table} SELECT * FROM public.kept".encode())
            target.execute("DROP TABLE public.kept")
