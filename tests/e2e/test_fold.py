"""The independent fold: who wins among the events of a key, on the example's plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from overgrow import errors
from overgrow.mapping.plan import TablePlan
from overgrow.model import Part
from overgrow.project import Project
from overgrow.testing.fold import fold
from overgrow.testing.rows import Mapped, Unequal, compare, mapped_rows
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


def mapped(project: Project, plan: TablePlan, *events: Record) -> Mapped:
    return mapped_rows(plan, fold(plan, project.placeholder, events))


def balances(project: Project, plan: TablePlan, *events: Record) -> list[str]:
    return [row["balance_cents"] for row in mapped(project, plan, *events).rows.values()]


def test_the_highest_position_wins_whatever_the_offset(project: Project, plan: TablePlan) -> None:
    new, resent = event(1, "u", 20, bal_amt="2.00"), event(2, "c", 10, bal_amt="1.00")
    assert balances(project, plan, new, resent) == ["200"]


def test_a_read_has_no_position_and_is_always_taken(project: Project, plan: TablePlan) -> None:
    assert balances(project, plan, event(0, "u", 5, bal_amt="2.00"), event(1, "r", bal_amt="9.00")) == ["900"]
    assert balances(project, plan, event(0, "d", 5), event(1, "r", bal_amt="9.00")) == ["900"]


def test_a_read_leaves_the_position_before_it_as_a_floor(project: Project, plan: TablePlan) -> None:
    events = [event(0, "u", 5), event(1, "r", bal_amt="9.00"), event(2, "u", 4, bal_amt="4.00")]
    assert balances(project, plan, *events) == ["900"]
    assert balances(project, plan, *events, event(3, "u", 5, bal_amt="5.00")) == ["500"]
    (newest,) = fold(plan, project.placeholder, events).keys.values()
    assert (newest.offset, newest.floor) == (1, 5)


def test_events_are_counted_by_what_they_say(project: Project, plan: TablePlan) -> None:
    events = [
        event(0, "r"),
        event(1, "c", 5),
        event(2, "u", 6, notes=project.placeholder),
        event(3, "c", 5),
        event(4, "u", 6, notes=project.placeholder),
        Record(PART, 5, {"cust_id": 7}, None, None, None, 0),
        Record(PART, 6, {}, "t", None, 7, 0),
    ]
    folded = fold(plan, project.placeholder, reversed(events))
    assert (folded.resent, folded.again, folded.partial) == (1, 2, 2)
    assert (folded.counts, folded.truncates) == ({PART: 7}, {PART: 6})
    assert folded.operations == {"r": 1, "c": 2, "u": 2, "t": 1}


def test_a_value_that_no_row_before_has_is_not_made_up(project: Project, plan: TablePlan) -> None:
    alone = event(0, "c", 1, notes=project.placeholder)
    with pytest.raises(errors.Refused, match=r"t\[0\] at 0: \(7,\) came without \['notes'\]"):
        fold(plan, project.placeholder, [alone])
    with pytest.raises(errors.Refused, match="no row before it"):
        fold(plan, project.placeholder, [event(0, "r"), event(1, "d", 1), alone._replace(offset=2)])


def test_the_later_offset_decides_between_equals(project: Project, plan: TablePlan) -> None:
    assert balances(project, plan, event(0, "r", bal_amt="2.00"), event(1, "r", bal_amt="3.00")) == ["300"]


def test_a_row_outside_the_filter_and_a_tombstone_leave_nothing(project: Project, plan: TablePlan) -> None:
    gone = Record(PART, 2, {"cust_id": 7}, None, None, None, 0)
    assert balances(project, plan, event(0, "c", 1), event(1, "u", 2, stat_cd="X"), gone) == []


def test_an_unchanged_large_value_comes_from_the_event_before(project: Project, plan: TablePlan) -> None:
    events = [event(0, "r"), event(1, "u", 2, notes=project.placeholder, bal_amt="7.00")]
    (row,) = mapped(project, plan, *events).rows.values()
    assert (row["notes"], row["balance_cents"]) == ("long", "700")


def test_poison_is_named_and_the_older_event_stands(project: Project, plan: TablePlan) -> None:
    events = [event(0, "c", 1, bal_amt="1.00"), event(1, "u", 2, stat_cd="?")]
    folded = mapped(project, plan, *events)
    assert [row["balance_cents"] for row in folded.rows.values()] == ["100"]
    assert folded.poison == {(7,)}


def test_a_comparison_names_key_and_column(project: Project, plan: TablePlan) -> None:
    one = mapped(project, plan, event(0, "r")).rows
    same = mapped(project, plan, event(0, "r", prefs='{ "a":1.00 }')).rows
    other = mapped(project, plan, event(0, "r", vip_yn="N")).rows
    assert compare(one, same).count == 0
    assert compare(one, other).unequal == (Unequal(("7",), ("vip",)),)
    assert (compare(one, {}).missing, compare({}, one).extra) == ((("7",),), (("7",),))
