"""Runs examples through a mapping, twice: by the readable interpreter and by the generated code; and back.

Guarantees: each example is held to its expectation, the two ways of running the mapping to one another, and the row's
columns that have a way back to what comes back; what the target column could not hold counts as set aside, as it would
be. Never reads a file. Called by `overgrow test`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from overgrow import errors
from overgrow.mapping import inverse
from overgrow.mapping.codec import RowCodec
from overgrow.mapping.copytext import copy_line
from overgrow.mapping.examples import values
from overgrow.mapping.examples.document import Example, ExampleFile, ExpectedError
from overgrow.mapping.examples.report import Covered, Difference, Outcome, Refusal, Report, Result
from overgrow.mapping.interpret import OUTSIDE, interpret
from overgrow.mapping.plan import TablePlan

# What every row must hold besides its expectation: empty, or a sentence. `outcome` is the interpreter's.
Check = Callable[[RowCodec, Mapping[str, Any], Outcome], str]


def run(codecs: Iterable[RowCodec], files: Iterable[ExampleFile]) -> Report:
    """Run all examples; a file whose mapping is not among the codecs is a KeyError."""
    by_name = {codec.plan.mapping: codec for codec in codecs}
    results: list[Result] = []
    coverage: list[Covered] = []
    for file in files:
        codec = by_name[file.mapping]
        results += [_result(codec, file, example) for example in file.examples]
        coverage.append(_covered(codec.plan, file))
    return Report(results=tuple(results), coverage=tuple(coverage))


def stored(plan: TablePlan, made: Outcome) -> Outcome:
    """What becomes of a row at the target: a value that its column cannot hold sets the row aside."""
    if made is OUTSIDE or isinstance(made, Refusal):
        return made
    for field in plan.fields:
        name = field.target.name
        cause = values.refused(made[name], field.target) if name in made else ""
        if cause:
            return Refusal(field=name, column=", ".join(field.inputs), cause=cause)
    return made


def compared(plan: TablePlan, expect: Mapping[str, str | None], found: Mapping[str, str | None]) -> list[Difference]:
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


def _result(codec: RowCodec, file: ExampleFile, example: Example) -> Result:
    made = _interpreted(codec.plan, example.row)
    outcome = stored(codec.plan, made)
    faults = [check(codec, example.row, made) for check in CHECKS]
    return Result(
        mapping=file.mapping,
        name=example.name,
        file=file.file,
        line=example.line,
        outcome=outcome,
        fields=tuple(_differences(codec.plan, example, outcome)),
        faults=tuple(fault for fault in faults if fault),
    )


def _interpreted(plan: TablePlan, row: Mapping[str, Any]) -> Outcome:
    try:
        return interpret(plan, row)
    except errors.TranslationError as error:
        if isinstance(error.__cause__, errors.ConfigurationError):  # a key that is not set is no property of the row
            raise error.__cause__ from None
        return Refusal(field=error.field, column=error.column, cause=error.cause)


def _differences(plan: TablePlan, example: Example, found: Outcome) -> list[Difference]:
    expect = example.expect
    if isinstance(expect, ExpectedError):
        return _expected_error(expect, found)
    if expect is OUTSIDE or found is OUTSIDE:
        words = ["outside" if one is OUTSIDE else "inside" for one in (expect, found)]
        return [Difference(field="(where)", expected=words[0], found=words[1], same=expect is found)]
    if isinstance(found, Refusal):
        wanted = expect.get(found.field, "(not expected)")
        return [Difference(field=found.field, expected=wanted, found=shown_error(found))]
    return compared(plan, expect, found)


def _expected_error(expect: ExpectedError, found: Outcome) -> list[Difference]:
    wanted = f"error: ... {expect.says} ..."
    if found is OUTSIDE:
        return [Difference(field="(where)", expected="inside", found="outside")]
    if not isinstance(found, Refusal):
        return [Difference(field=expect.field, expected=wanted, found=found.get(expect.field))]
    if found.field != expect.field:
        return [
            Difference(field=expect.field, expected=wanted, found="(not reached)"),
            Difference(field=found.field, expected="(no error)", found=shown_error(found)),
        ]
    same = expect.says in found.cause
    return [Difference(field=expect.field, expected=wanted, found=shown_error(found), same=same)]


def shown_error(found: Refusal) -> str:
    """A refusal in one line."""
    return f"error: {found.cause} (from {found.column})" if found.column else f"error: {found.cause}"


def _twin(codec: RowCodec, row: Mapping[str, Any], outcome: Outcome) -> str:
    """Hold the generated code to the interpreter."""
    try:
        line = codec.line(codec.row_type(*row.values()))
    except Exception as error:  # noqa: BLE001 - whatever generated code raises is what is compared
        same, seen = isinstance(outcome, Refusal), f"fails with {type(error).__name__}: {error}"
    else:
        if isinstance(outcome, Refusal):
            same, wanted = False, None
        else:
            wanted = None if outcome is OUTSIDE else copy_line(outcome[name] for name in codec.target_columns)
            same = line == wanted
        seen = f"gives {line!r}"
    return "" if same else f"the generated code {seen}, the interpreter {_said(outcome)}: please report this"


def _said(outcome: Outcome) -> str:
    if outcome is OUTSIDE:
        return "leaves the row outside"
    return shown_error(outcome) if isinstance(outcome, Refusal) else f"gives {dict(outcome)}"


def _way_back(codec: RowCodec, row: Mapping[str, Any], outcome: Outcome) -> str:
    """Every column that has a way back comes back from what the target prints."""
    if outcome is OUTSIDE or isinstance(outcome, Refusal) or isinstance(stored(codec.plan, outcome), Refusal):
        return ""
    types = {column.name: column.type for column in codec.plan.target_columns}
    try:
        back = inverse.recover(codec.plan, {name: values.printed(text, types[name]) for name, text in outcome.items()})
    except Exception as error:  # noqa: BLE001 - the inverse of a user's translator may raise anything
        return f"the way back fails with {type(error).__name__}: {error}"
    other = [
        f"{column.name} as {back[column.name]!r}, it was {row[column.name]!r}"
        for column in codec.plan.used
        if column.name in back and not values.same(back[column.name], row[column.name], column.type)
    ]
    return f"the way back gives {'; '.join(other)}" if other else ""


CHECKS: tuple[Check, ...] = (_twin, _way_back)


def _covered(plan: TablePlan, file: ExampleFile) -> Covered:
    named: set[str] = set()
    for example in file.examples:
        if isinstance(example.expect, ExpectedError):
            continue
        if example.expect is not OUTSIDE:
            named |= example.expect.keys()
    targets = [field.target.name for field in plan.fields if field.constant is None]
    return Covered(
        mapping=file.mapping,
        file=file.file,
        expected=tuple(name for name in targets if name in named),
        unexpected=tuple(name for name in targets if name not in named),
    )
