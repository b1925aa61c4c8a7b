"""What a file of constraints may hold, and what is made of it."""

from __future__ import annotations

import pytest

from overgrow.mapping import constraints, ddl
from overgrow.mapping.constraints import Constraint
from overgrow.mapping.problems import Problems

TABLES = """
CREATE TABLE crm.orders (order_no text PRIMARY KEY, note text);
CREATE TABLE crm.payments (id int PRIMARY KEY, order_no text, "Amount" int);
"""
FILE = "schemas/target/late.sql"


def read(text: str) -> tuple[list[Constraint], list[tuple[int, str]]]:
    problems = Problems(FILE)
    tables = {one.table: one for one in ddl.read(TABLES, Problems("tables.sql"))}
    found = constraints.resolved(constraints.read(text, problems), tables, problems)
    return found, [(one.line, one.code) for one in problems.found]


def test_each_kind_as_it_is_looked_for_and_added() -> None:
    text = """-- at the end
ALTER TABLE crm.payments ADD CONSTRAINT one UNIQUE (id, "Amount");

CREATE UNIQUE INDEX two ON crm.payments (order_no) WHERE "Amount" > 0;
CREATE UNIQUE INDEX three ON crm.payments (lower(order_no));
ALTER TABLE ONLY crm.payments ADD CONSTRAINT four FOREIGN KEY (order_no) REFERENCES crm.orders ON DELETE CASCADE;
ALTER TABLE crm.payments ADD CONSTRAINT five CHECK ("Amount" >= 0)"""
    found, problems = read(text)
    assert problems == []
    assert [(one.line, one.kind, one.name, one.table, one.columns) for one in found] == [
        (2, "unique", "one", "crm.payments", ("id", "Amount")),
        (4, "unique index", "two", "crm.payments", ("order_no",)),
        (5, "unique index", "three", "crm.payments", ()),
        (6, "foreign key", "four", "crm.payments", ("order_no",)),
        (7, "check", "five", "crm.payments", ()),
    ]
    assert {one.file for one in found} == {FILE}
    assert [one.condition for one in found] == ["", '"Amount" > 0', "", "", '"Amount" >= 0']
    assert (found[3].parent, found[3].parent_columns) == ("crm.orders", ("order_no",))
    assert found[3].statement.endswith("REFERENCES crm.orders ON DELETE CASCADE")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE crm.payments ADD UNIQUE (id)",  # no name: nobody could look for it
        "ALTER TABLE crm.payments ADD CONSTRAINT a UNIQUE (id), ADD CONSTRAINT b UNIQUE (order_no)",
        "ALTER TABLE crm.payments ADD CONSTRAINT a UNIQUE (id) DEFERRABLE",
        "ALTER TABLE crm.payments ADD CONSTRAINT a UNIQUE NULLS NOT DISTINCT (id)",
        "ALTER TABLE crm.payments ADD CONSTRAINT a UNIQUE (id) INCLUDE (order_no)",
        "ALTER TABLE crm.payments ADD CONSTRAINT a UNIQUE USING INDEX b",
        "ALTER TABLE crm.payments ADD CONSTRAINT a PRIMARY KEY (id)",
        "ALTER TABLE crm.payments ADD CONSTRAINT a CHECK (id > 0) NOT VALID",
        "ALTER TABLE crm.payments ADD COLUMN more int",
        "ALTER TABLE crm.payments ALTER COLUMN order_no SET NOT NULL",
        "CREATE INDEX a ON crm.payments (id)",
        "CREATE UNIQUE INDEX ON crm.payments (id)",
        "CREATE UNIQUE INDEX IF NOT EXISTS a ON crm.payments (id)",
        "CREATE UNIQUE INDEX CONCURRENTLY a ON crm.payments (id)",
        "CREATE TABLE crm.more (id int)",
        "DROP TABLE crm.payments",
        "TRUNCATE crm.payments",
        "ALTER TABLE",
    ],
)
def test_anything_else_is_a_problem_at_its_line(statement: str) -> None:
    assert read(f"\n{statement};") == ([], [(2, "unreadable-constraint")])


def test_names_that_no_ddl_file_has() -> None:
    text = """ALTER TABLE crm.payment ADD CONSTRAINT a UNIQUE (id);
ALTER TABLE crm.payments ADD CONSTRAINT b UNIQUE (ids);
ALTER TABLE crm.payments ADD CONSTRAINT c FOREIGN KEY (order_no) REFERENCES crm.order;
ALTER TABLE crm.payments ADD CONSTRAINT d FOREIGN KEY (order_n) REFERENCES crm.orders (order_o);
ALTER TABLE crm.payments ADD CONSTRAINT d UNIQUE (id);"""
    found, problems = read(text)
    assert problems == [
        (1, "unknown-table"),
        (2, "unknown-column"),
        (3, "unknown-table"),
        (4, "unknown-column"),
        (4, "unknown-column"),
        (5, "duplicate-constraint"),
    ]
    assert [one.name for one in found] == ["d"]


def test_a_text_that_is_no_sql() -> None:
    assert read("ALTER TABLE 'x") == ([], [(1, "bad-ddl")])
