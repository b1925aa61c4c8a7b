"""Runs examples through a mapping, twice: by the readable interpreter and by the generated code; and back.

Guarantees: each example is held to its expectation, the two ways of running the mapping to one another, and the row's
columns that have a way back to what comes back; what the target column could not hold counts as set aside, as it would
be. Never reads a file. Called by `overgrow test`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from overgrow import errors
from overgrow.mapping import inverse
from overgrow.mapping.codec import RowCodec
from overgrow.mapping.copytext import copy_line
from overgrow.mapping.examples import values
from overgrow.mapping.examples.comparing import differences, shown_error
from overgrow.mapping.examples.document import Example, ExampleFile
from overgrow.mapping.examples.expectation import ExpectedError, qualified
from overgrow.mapping.examples.report import Covered, Outcome, Refusal, Report, Result
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


def _result(codec: RowCodec, file: ExampleFile, example: Example) -> Result:
    faults: list[str] = []
    outcomes: dict[str, Outcome] = {}
    for one in (codec, *codec.also):
        made = _interpreted(one.plan, example.row)
        outcomes[one.plan.label] = stored(one.plan, made)
        found = [check(one, example.row, made) for check in CHECKS]
        faults += [f"also {one.plan.label}: {fault}" if one.plan.label else fault for fault in found if fault]
    refused = next((_of(label, one) for label, one in outcomes.items() if isinstance(one, Refusal)), None)
    return Result(
        mapping=file.mapping,
        name=example.name,
        file=file.file,
        line=example.line,
        outcome=refused or outcomes[""],
        also={} if refused else {label: one for label, one in outcomes.items() if label},
        fields=tuple(differences(codec.plan, example, outcomes, refused)),
        faults=tuple(faults),
    )


def _of(label: str, one: Refusal) -> Refusal:
    """With the label of its target: one refusal sets the row aside for all of them."""
    return replace(one, field=qualified(label, one.field))


def _interpreted(plan: TablePlan, row: Mapping[str, Any]) -> Outcome:
    try:
        return interpret(plan, row)
    except errors.TranslationError as error:
        if isinstance(error.__cause__, errors.ConfigurationError):  # a key that is not set is no property of the row
            raise error.__cause__ from None
        return Refusal(field=error.field, column=error.column, cause=error.cause)


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
        for label, row in {"": example.expect, **example.also}.items():
            if row is not OUTSIDE and not isinstance(row, ExpectedError):
                named |= {qualified(label, name) for name in row}
    targets = [
        qualified(one.label, field.target.name)
        for one in plan.targets
        for field in one.fields
        if field.constant is None
    ]
    return Covered(
        mapping=file.mapping,
        file=file.file,
        expected=tuple(name for name in targets if name in named),
        unexpected=tuple(name for name in targets if name not in named),
    )
