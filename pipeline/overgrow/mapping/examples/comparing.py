"""What was expected beside what was found, field by field.

Guarantees: values are equal where the target column's type says so; a difference stands for everything that was
compared and is not as expected. Never shows a value in another notation than it has. Called by the runner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from overgrow.mapping.examples import values
from overgrow.mapping.examples.document import Example
from overgrow.mapping.examples.expectation import ExpectedError, Row, qualified
from overgrow.mapping.examples.report import Difference, Outcome, Refusal
from overgrow.mapping.interpret import OUTSIDE
from overgrow.mapping.plan import TablePlan


def differences(
    plan: TablePlan, example: Example, outcomes: Mapping[str, Outcome], refused: Refusal | None
) -> list[Difference]:
    """An example's fields, those of further targets with their labels; `refused`: what sets the row aside."""
    expect = example.expect
    if isinstance(expect, ExpectedError):
        return _expected_error(expect, outcomes) if refused is None else _other_error(expect, refused)
    if refused is not None:
        wanted = _flat({"": expect, **example.also}).get(refused.field, "(not expected)")
        return [Difference(field=refused.field, expected=wanted, found=shown_error(refused))]
    made: list[Difference] = []
    plans = {one.label: one for one in plan.targets}
    for label, row in {"": expect, **example.also}.items():
        lines = _row_differences(plans[label], row, outcomes[label])
        made += [replace(line, field=qualified(label, line.field)) for line in lines]
    return made


def _row_differences(plan: TablePlan, expect: Row, found: Outcome) -> list[Difference]:
    if expect is OUTSIDE or found is OUTSIDE or isinstance(found, Refusal):
        words = ["outside" if one is OUTSIDE else "inside" for one in (expect, found)]
        return [Difference(field="(where)", expected=words[0], found=words[1], same=words[0] == words[1])]
    return _compared(plan, expect, found)


def _expected_error(expect: ExpectedError, outcomes: Mapping[str, Outcome]) -> list[Difference]:
    """No error was found."""
    if outcomes[""] is OUTSIDE:
        return [Difference(field="(where)", expected="inside", found="outside")]
    return [
        Difference(field=expect.field, expected=_wanted(expect), found=_flat(outcomes).get(expect.field, "(no error)"))
    ]


def _other_error(expect: ExpectedError, found: Refusal) -> list[Difference]:
    """An error was found, perhaps the one that was expected."""
    if found.field != expect.field:
        return [
            Difference(field=expect.field, expected=_wanted(expect), found="(not reached)"),
            Difference(field=found.field, expected="(no error)", found=shown_error(found)),
        ]
    same = expect.says in found.cause
    return [Difference(field=expect.field, expected=_wanted(expect), found=shown_error(found), same=same)]


def _wanted(expect: ExpectedError) -> str:
    return f"error: ... {expect.says} ..."


def _flat(rows: Mapping[str, Outcome]) -> dict[str, str | None]:
    """The fields of all targets' rows."""
    return {
        qualified(label, name): text
        for label, row in rows.items()
        if row is not OUTSIDE and not isinstance(row, Refusal)
        for name, text in row.items()
    }


def shown_error(found: Refusal) -> str:
    """A refusal in one line."""
    return f"error: {found.cause} (from {found.column})" if found.column else f"error: {found.cause}"


def _compared(plan: TablePlan, expect: Mapping[str, str | None], found: Mapping[str, str | None]) -> list[Difference]:
    """Two rows, by the fields that the first one has."""
    types = {column.name: column.type for column in plan.target_columns}
    made = []
    for name, text in expect.items():
        other = found.get(name)
        same = text is other is None or (
            text is not None
            and other is not None
            and values.comparable(text, types[name]) == values.comparable(other, types[name])
        )
        made.append(Difference(field=name, expected=text, found=other, same=same))
    return made
