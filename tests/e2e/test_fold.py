"""The independent fold: who wins among the events of a key, on the example's plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from overgrow.mapping.plan import TablePlan
from overgrow.model import Part
from overgrow.project import Project
from overgrow.testing.fold import Unequal, compare, fold
from overgrow.testing.topics import Record

ROOT = Path(__file__).parents[2]
PART = Part("t", 0)
ROW: dict[str, Any] = {
    "cust_id": 7,
    "cust_nm": "Ann",
    "stat_cd": "A",
    "typ_cd": None,
    "bal_amt": "1.50",
    "crt_dt": 0,
    "upd_ts": "2020-01-01T00:00:00Z",
    "vip_yn": "Y",
    "addr_1": None,
    "addr_2": None,
    "city": None,
    "zip": None,
    "prefs": '{"a": 1.0}',
    "notes": "long",
    "birth_dt": None,
    "ext_ref": None,
}


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.require(ROOT)


@pytest.fixture(scope="module")
def plan(project: Project) -> TablePlan:
    return project.plan("customers")


def event(offset: int, op: str, lsn: int | None = None, **changed: Any) -> Record:
    return Record(PART, offset, {"cust_id": 7}, op, None if op == "d" else {**ROW, **changed}, lsn, 0)


def balances(project: Project, plan: TablePlan, *events: Record) -> list[str]:
    return [row["balance_cents"] for row in fold(plan, project.placeholder, events).rows.values()]


def test_the_highest_position_wins_whatever_the_offset(project: Project, plan: TablePlan) -> None:
    new, resent = event(1, "u", 20, bal_amt="2.00"), event(2, "c", 10, bal_amt="1.00")
    assert balances(project, plan, new, resent) == ["200"]


def test_a_read_is_lowest(project: Project, plan: TablePlan) -> None:
    assert balances(project, plan, event(0, "u", 5, bal_amt="2.00"), event(1, "r", bal_amt="9.00")) == ["200"]
    assert balances(project, plan, event(0, "d", 5), event(1, "r", bal_amt="9.00")) == []


def test_the_later_offset_decides_between_equals(project: Project, plan: TablePlan) -> None:
    assert balances(project, plan, event(0, "r", bal_amt="2.00"), event(1, "r", bal_amt="3.00")) == ["300"]


def test_a_row_outside_the_filter_and_a_tombstone_leave_nothing(project: Project, plan: TablePlan) -> None:
    gone = Record(PART, 2, {"cust_id": 7}, None, None, None, 0)
    assert balances(project, plan, event(0, "c", 1), event(1, "u", 2, stat_cd="X"), gone) == []


def test_an_unchanged_large_value_comes_from_the_event_before(project: Project, plan: TablePlan) -> None:
    events = [event(0, "r"), event(1, "u", 2, notes=project.placeholder, bal_amt="7.00")]
    (row,) = fold(plan, project.placeholder, events).rows.values()
    assert (row["notes"], row["balance_cents"]) == ("long", "700")


def test_poison_is_named_and_the_older_event_stands(project: Project, plan: TablePlan) -> None:
    events = [event(0, "c", 1, bal_amt="1.00"), event(1, "u", 2, stat_cd="?")]
    folded = fold(plan, project.placeholder, events)
    assert [row["balance_cents"] for row in folded.rows.values()] == ["100"]
    assert folded.poison == {(7,)}


def test_a_comparison_names_key_and_column(project: Project, plan: TablePlan) -> None:
    one = fold(plan, project.placeholder, [event(0, "r")]).rows
    same = fold(plan, project.placeholder, [event(0, "r", prefs='{ "a":1.00 }')]).rows
    other = fold(plan, project.placeholder, [event(0, "r", vip_yn="N")]).rows
    assert compare(one, same).count == 0
    assert compare(one, other).unequal == (Unequal(("7",), ("vip",)),)
    assert (compare(one, {}).missing, compare({}, one).extra) == ((("7",),), (("7",),))
