"""Example rows: what is expected beside what was found, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from overgrow.mapping import OUTSIDE, RowCodec, Translator
from overgrow.mapping.examples import Refusal, run
from overgrow.mapping.examples.report import side_by_side
from overgrow.mapping.examples.running import stored
from tests.unit.mapping import examples_sample as written
from tests.unit.mapping import sample

OTHER = {"id": "8", "born": "1969-12-30", "active": "f", "balance_cents": "1251", "at": "23:59:59", "photo": "'\\x00'"}
OTHER |= {"created_at": "2024-02-29 23:59:59.999998+00", "changed_at": "2024-02-29 18:29:59+00", "attributes": "'{}'"}
OTHER |= {"external": "00000000-0000-0000-0000-000000000000"}


def one(given: str, expect: str) -> Any:
    """The result of one example."""
    (result,) = written.results(written.DEFAULTS + written.example(given, expect))
    return result


def test_a_whole_row_is_as_expected_whatever_the_notation() -> None:
    (result,) = written.results(written.DEFAULTS + written.WHOLE)
    assert result.passed, [field for field in result.fields if not field.same]
    assert len(result.fields) == 14


@pytest.mark.parametrize("field", [line.split(":")[0].strip() for line in written.WHOLE.splitlines()[3:]])
@pytest.mark.parametrize("null", [True, False])
def test_a_wrong_field_is_found_and_no_other(field: str, null: bool) -> None:  # noqa: FBT001 - a parameter
    if field == "note":
        text = sample.changed(written.WHOLE, ("note: null", "note: 'null'"))
    else:
        start = written.WHOLE.index(f"      {field}: ")
        end = written.WHOLE.index("\n", start)
        text = f"{written.WHOLE[:start]}      {field}: {'null' if null else OTHER.get(field, 'x')}{written.WHOLE[end:]}"
    (result,) = written.results(written.DEFAULTS + text)
    assert [wrong.field for wrong in result.fields if not wrong.same] == [field]
    assert not result.passed


@pytest.mark.parametrize(
    ("given", "expect", "passed"),
    [
        ("{status: X}", "outside", True),
        ("{status: A}", "outside", False),
        ("{status: X}", "{id: 7}", False),
        ("{status: X}", "{error: {field: status, says: X}}", False),
        ("{status: Q}", "{error: {field: status, says: unknown code 'Q'}}", True),
        ("{status: Q}", "{error: {field: status, says: unknown code 'R'}}", False),
        ("{status: Q}", "{error: {field: name, says: unknown code 'Q'}}", False),
        ("{status: Q}", "{status: active}", False),
        ("{status: Q}", "outside", False),
        ("{status: A}", "{error: {field: status, says: unknown code}}", False),
        ("{notiz: null}", "{note: null}", True),
        ("{notiz: 'null'}", "{note: 'null'}", True),
        ("{notiz: ''}", "{note: null}", False),
    ],
)
def test_rows_errors_and_the_filter(given: str, expect: str, passed: bool) -> None:  # noqa: FBT001 - a parameter
    assert one(given, expect).passed is passed


def test_an_error_names_what_was_found_beside_what_was_expected() -> None:
    (wrong,) = one("{status: Q}", "{status: active, id: 7}").fields
    assert (wrong.field, wrong.expected, wrong.found) == ("status", "active", "error: unknown code 'Q' (from status)")
    expected, found = one("{status: Q}", "{error: {field: name, says: too long}}").fields
    assert (expected.field, expected.found) == ("name", "(not reached)")
    assert (found.field, found.expected) == ("status", "(no error)")


def test_what_the_target_cannot_hold_is_set_aside() -> None:
    plan = sample.plan()
    row = dict.fromkeys(("id", "name", "status", "active", "segment"), "1")
    assert stored(plan, row) == Refusal(
        field="active", column="aktiv", cause="'1' is not one of t, true, f, false, into boolean"
    )
    fine = {**row, "active": "t"}
    assert stored(plan, fine) == fine
    long = stored(plan, {**fine, "segment": "x" * 11})
    assert isinstance(long, Refusal)
    assert long.field == "segment"
    assert stored(plan, OUTSIDE) is OUTSIDE


@pytest.mark.parametrize(
    ("line", "faults"),
    [(lambda _: "7", [True, True]), (lambda _: None, [True, True]), (lambda _: 1 // 0, [True, False])],
)
def test_generated_code_that_does_something_else_is_named(line: Any, faults: list[bool]) -> None:
    codec = RowCodec(sample.plan(), placeholder=sample.OWN_PLACEHOLDER)
    codec.line = line
    text = written.DEFAULTS + written.WHOLE + written.example("{status: Q}", "{error: {field: status, says: Q}}")
    results = run([codec], [written.file(text)]).results
    assert [bool(one.faults) for one in results] == [not one.passed for one in results] == faults
    assert "please report this" in results[0].faults[0]
    assert all(field.same for one in results for field in one.fields)


@pytest.mark.parametrize(
    ("inverse", "fault"),
    [
        (lambda a: (a and a[1:],), ""),
        (lambda a: (a and a[2:],), "the way back gives notiz as '', it was 'x'"),
        (lambda a: {}[a], "the way back fails with KeyError"),
        (lambda a: (int(a),), "the way back fails with ValueError: invalid literal"),
    ],
)
def test_a_row_that_does_not_come_back_is_named(inverse: Any, fault: str) -> None:
    mark = Translator(name="mark", function=lambda a: a and f"!{a}", inputs=("text",), output="text", inverse=inverse)
    plan, problems = sample.build(
        sample.changed(sample.MAPPING, ("note: notiz", "note: {from: notiz, do: mark}")), translators={"mark": mark}
    )
    assert plan is not None, problems
    text = written.DEFAULTS + written.example("{notiz: x, saldo: 7, status: G}", "{note: '!x'}")
    (result,) = written.results(text, plan)
    assert result.passed is (fault == "")
    assert "; ".join(result.faults).startswith(fault)


def test_coverage_counts_what_a_row_expects_but_no_constant() -> None:
    codec = RowCodec(sample.plan(), placeholder=sample.OWN_PLACEHOLDER)
    text = written.DEFAULTS + written.example("{}", "{id: 7, name: Ann}")
    text += written.example("{status: Q}", "{error: {field: status, says: Q}}", name="two")
    (covered,) = run([codec], [written.file(text)]).coverage
    assert covered.expected == ("id", "name")
    assert "segment" not in covered.unexpected
    assert {"status", "note"} <= set(covered.unexpected)


def test_a_dropped_column_may_be_given() -> None:
    assert one("{dauer: whatever}", "{id: 7}").passed


@pytest.mark.parametrize(
    ("expected", "found", "shown"),
    [
        ("a", None, ("a", "NULL")),
        ("NULL", None, ("'NULL'", "NULL")),
        ("", "a ", ("''", "'a '")),
        ("é", "e\u0301", ("'\\xe9'", "'e\\u0301'")),
        ('{"a": "\\\\"}', "b", ('{"a": "\\\\"}', "b")),
        ("x" * 300 + "a", "x" * 300 + "b", ("..." + "x" * 20 + "a", "..." + "x" * 20 + "b")),
        ("x" * 300, "y", ("x" * 120 + "...", "y")),
    ],
)
def test_values_are_shown_so_that_the_difference_is_seen(
    expected: str, found: str | None, shown: tuple[str, str]
) -> None:
    assert side_by_side(expected, found) == shown
