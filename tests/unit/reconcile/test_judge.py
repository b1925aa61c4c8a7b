"""From unequal rows to named differences, and what several rounds say together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from overgrow.project import Project
from overgrow.reconcile import rounds
from overgrow.reconcile.judge import Judge, Unequal
from overgrow.reconcile.rounds import Found, MappingRounds, Round
from overgrow.reconcile.transactions import Transactions
from overgrow.reconcile.verdict import ColumnDifference, Comparison, Report

PLAN = Project.require(Path(__file__).parents[3]).plan("order_lines")
WIDTH = len(PLAN.target_columns)
QUANTITY = [one.name for one in PLAN.target_columns].index("quantity")
SAME = tuple(None for _ in range(WIDTH))
HORIZON = 1000
EQUAL = Unequal(
    in_source=True,
    in_target=True,
    key=("W1", "2"),
    source_key='["W1        ",2]',
    stored_key='["W1        ",2]',
    cause=None,
    collides=False,
    stamp=5,
    writer=50,
    buried_by=None,
    differs=(False,) * WIDTH,
    expected=SAME,
    actual=SAME,
)


def at(values: Sequence[Any], position: int, value: object) -> tuple[Any, ...]:
    return (*values[:position], value, *values[position + 1 :])


FLIPPED = EQUAL._replace(
    differs=at(EQUAL.differs, QUANTITY, True), expected=at(SAME, QUANTITY, "3"), actual=at(SAME, QUANTITY, None)
)
MISSING = EQUAL._replace(in_target=False, stored_key=None, stamp=None, writer=None)


def judge(letter: str | None = None) -> Judge:
    named = {} if letter is None else {'["W1        ",2]': letter}
    return Judge(plan=PLAN, keyed=True, horizon=HORIZON, letters=named, transactions=Transactions.parse("100:110:105"))


@pytest.mark.parametrize(
    ("row", "kind", "columns"),
    [
        (FLIPPED, "field_mismatch", [ColumnDifference(column="quantity", expected="3", actual=None)]),
        (MISSING, "missing", []),
        (MISSING._replace(cause="field state from line_st: unknown code"), "untranslatable", []),
        (EQUAL._replace(in_source=False, source_key=None), "extra", []),
        (
            EQUAL._replace(stored_key='["W9",2]'),
            "field_mismatch",
            [ColumnDifference(column="_og_key", expected='["W1        ",2]', actual='["W9",2]')],
        ),
        (
            EQUAL._replace(stamp=HORIZON),
            "metadata",
            [ColumnDifference(column="_og_off", expected="below 1000", actual="1000")],
        ),
        (FLIPPED._replace(collides=True, stored_key='["W1",2]'), "collision", None),
    ],
)
def test_each_kind(row: Unequal, kind: str, columns: list[ColumnDifference] | None) -> None:
    found = judge().difference(row)
    assert found.kind == kind
    assert columns is None or list(found.columns) == columns
    assert found.key == {"order_no": "W1", "line_no": "2"}
    assert (found.source_table, found.target_table) == ("public.ord_line", "crm.order_lines")
    assert found.cause


@pytest.mark.parametrize("row", [FLIPPED, MISSING, MISSING._replace(cause="x"), EQUAL._replace(in_source=False)])
def test_an_open_letter_explains_the_row(row: Unequal) -> None:
    found = judge(letter="translate: unknown code").difference(row)
    assert (found.kind, found.cause) == ("set_aside", "translate: unknown code")


@pytest.mark.parametrize(
    ("row", "ahead"),
    [
        (FLIPPED, False),
        (FLIPPED._replace(writer=None), False),
        (FLIPPED._replace(writer=105), True),
        (FLIPPED._replace(writer=110), True),
        (MISSING, False),
        (MISSING._replace(buried_by=105), True),
        (FLIPPED._replace(buried_by=105), False),  # an old tombstone says nothing of a row that is there
    ],
)
def test_a_target_that_is_ahead_is_not_judged(row: Unequal, *, ahead: bool) -> None:
    assert judge().ahead(row) is ahead


def test_values_can_be_left_out() -> None:
    document = judge().difference(FLIPPED).document(values=False)
    assert document["columns"] == [{"column": "quantity"}]


def found(*rows: Unequal, ahead: bool = False) -> Found:
    made = Found(source_rows=10, in_filter=10, target_rows=10, equal=10 - len(rows))
    for row in rows:
        made.track(row, ahead=ahead)
        if not ahead:
            difference = judge().difference(row)
            made.counts[difference.kind] += 1
            made.differences.append(difference)
    return made


def busy(*rows: Unequal) -> Round:
    return Round(found=found(*rows), quiet=False)


def verdict(one: Comparison) -> str:
    return Report(pipeline="p", rounds=1, drain_seconds=0, compare_seconds=0, comparisons=[one], differences=[]).verdict


OTHER = FLIPPED._replace(key=("W2", "1"))
UNKEYED = MISSING._replace(key=(None, None))


def test_a_quiet_round_decides() -> None:
    seen = MappingRounds(PLAN, [busy(OTHER), Round(found=found(FLIPPED), quiet=True)])
    assert not seen.open
    assert [one.kind for one in seen.differences()] == ["field_mismatch"]
    comparison = seen.comparison()
    assert (comparison.equal, comparison.differing, comparison.undecided) == (9, 1, 0)
    assert verdict(comparison) == "different"


def test_a_row_that_was_equal_once_was_equal() -> None:
    seen = MappingRounds(PLAN, [busy(FLIPPED, OTHER), busy(OTHER), busy(FLIPPED)])
    assert not seen.open
    assert verdict(seen.comparison()) == "equal"
    assert seen.comparison().equal == 10


def test_a_row_that_was_never_equal_stays_undecided_and_is_no_difference() -> None:
    seen = MappingRounds(PLAN, [busy(FLIPPED, OTHER, UNKEYED), busy(FLIPPED, UNKEYED)])
    assert seen.open
    assert list(seen.differences()) == []
    assert [one.key for one in seen.undecided_rows()] == [
        {"order_no": "W1", "line_no": "2"},
        {"source": '["W1        ",2]'},
    ]
    comparison = seen.comparison()
    assert (comparison.equal, comparison.differing, comparison.undecided) == (8, 0, 2)
    assert verdict(comparison) == "undecided"


def test_a_target_that_is_ahead_in_a_quiet_round_is_undecided() -> None:
    seen = MappingRounds(PLAN, [Round(found=found(FLIPPED, ahead=True), quiet=True)])
    assert seen.open
    assert verdict(seen.comparison()) == "undecided"


def numbered(*numbers: int) -> list[Unequal]:
    return [FLIPPED._replace(key=("W1", str(number))) for number in numbers]


def test_a_row_beyond_the_kept_keys_is_undecided_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "TRACKED_KEYS", 2)
    seen = MappingRounds(PLAN, [busy(*numbered(7)), busy(*numbered(1, 2, 7))])
    assert not seen.open, "what was not kept cannot be looked at again"
    comparison = seen.comparison()
    assert (comparison.equal, comparison.differing, comparison.undecided) == (9, 0, 1), "1 and 2 were equal at first"
    assert verdict(comparison) == "undecided"
    seen = MappingRounds(PLAN, [busy(*numbered(1, 2, 7)), busy(*numbered(3, 4, 7))])
    comparison = seen.comparison()
    assert (comparison.equal, comparison.undecided) == (7, 3), "the first round tells of no row that it was equal"


def test_rows_that_are_ahead_are_counted_beyond_the_kept_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "TRACKED_KEYS", 2)
    comparison = MappingRounds(PLAN, [Round(found=found(*numbered(1, 2, 3), ahead=True), quiet=True)]).comparison()
    assert (comparison.equal, comparison.undecided) == (7, 3)
