"""The way back: which source columns a target row still holds, and their values.

Guarantees: for every column that `ways` calls recoverable, `recover` gives back from the target row the value that the
mapping was given (equal by the column's type); where a column is lost, `ways` says why. Never guesses. Called by
`show`, `test`, and whoever writes back to the old system.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from overgrow.mapping import literals, parse
from overgrow.mapping.plan import Field, TablePlan
from overgrow.mapping.words.codes import Codes
from overgrow.mapping.words.parts import Part
from overgrow.mapping.words.step import Step

_OWN_NOTATION = frozenset({"json", "jsonb", "bytes", "float", "time"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one source column comes back: from these target columns, or as `constant`, or not (`lost`: why)."""

    column: str
    fields: tuple[Field, ...] = ()
    constant: Any = None
    lost: str = ""


def ways(plan: TablePlan) -> dict[str, Way]:
    """Source column to its way back, for every column of the table, in its order."""
    return {column.name: _way(plan, column.name) for column in plan.columns}


def recover(plan: TablePlan, row: Mapping[str, str | None]) -> dict[str, Any]:
    """The wire values of every recoverable column, from a target row as PostgreSQL prints it; ValueError for a value
    that the mapping never gives.
    """
    found: dict[str, Any] = {}
    for way in ways(plan).values():
        if way.lost or way.column in found:
            continue
        if not way.fields:
            found[way.column] = way.constant
        elif len(way.fields) > 1:
            found[way.column] = _together(way.fields, row)
        else:
            found |= _inputs(way.fields[0], row)
    return found


def _way(plan: TablePlan, column: str) -> Way:
    users = [field for field in plan.fields if column in field.inputs]
    for field in users:
        if not lost(field):
            return Way(column=column, fields=(field,))
    if parts := all_parts(column, users):
        return Way(column=column, fields=parts)
    if (constant := _filtered(plan, column)) is not None:
        return Way(column=column, constant=constant)
    if users:
        return Way(column=column, lost=f"{users[0].target.name}: {lost(users[0])}")
    return Way(column=column, lost="dropped" if column in plan.dropped else "only the filter uses it")


def lost(field: Field) -> str:
    """Why the field's inputs do not come back from it; empty if they do."""
    last, target = field.steps[-1] if field.steps else None, field.target.type
    if not field.one_way and isinstance(last, Codes) and target is not None and target.wire.kind in _OWN_NOTATION:
        return f"{target} prints the meanings of codes in a notation of its own"
    return field.one_way


def all_parts(column: str, users: Iterable[Field]) -> tuple[Field, ...]:
    """The fields that hold all the parts of the column, in order; nothing if one is missing."""
    groups: dict[tuple[Any, ...], dict[int, Field]] = {}
    for field in users:
        at = next((number for number, step in enumerate(field.steps) if isinstance(step, Part)), None)
        if at is None or field.inputs != (column,):
            continue
        part = field.steps[at]
        others = [*field.steps[:at], *field.steps[at + 1 :]]
        if isinstance(part, Part) and not any(step.one_way for step in others):
            same = (part.of, part.separator, part.extra, field.steps[:at])
            groups.setdefault(same, {}).setdefault(part.number, field)
    for (of, *_), fields in groups.items():
        if len(fields) == of:
            return tuple(fields[number] for number in range(1, of + 1))
    return ()


def _filtered(plan: TablePlan, column: str) -> Any:  # noqa: ANN401 - the column's wire value
    """The only value that the filter lets through."""
    if len(plan.where.groups) != 1:
        return None
    for condition in plan.where.groups[0]:
        if condition.column == column and condition.relation == "in" and len(condition.values) == 1:
            return condition.values[0]
    return None


def _together(fields: tuple[Field, ...], row: Mapping[str, str | None]) -> Any:  # noqa: ANN401 - a wire value
    """A text from the fields that hold its parts."""
    values: list[Any] = []
    part: Step | None = None
    before: tuple[Step, ...] = ()
    for field in fields:
        at = next(number for number, step in enumerate(field.steps) if isinstance(step, Part))
        part, before = field.steps[at], field.steps[:at]
        values.append(_back(field.steps[at + 1 :], _read(field, row[field.target.name])))
    if all(value is None for value in values):
        return None
    if any(value is None for value in values) or not isinstance(part, Part):
        raise ValueError("some of the parts are NULL")
    return _back(before, part.separator.join(values))


def _inputs(field: Field, row: Mapping[str, str | None]) -> dict[str, Any]:
    value = _read(field, row[field.target.name])
    row_step = bool(field.steps) and field.steps[0].takes_row
    value = _back(field.steps, value)
    return dict(zip(field.inputs, value if row_step else (value,), strict=True))


def _back(steps: tuple[Step, ...], value: Any) -> Any:  # noqa: ANN401 - each step states its own
    """Through the steps from the last to the first; a step that takes the row gives a tuple if it is the first."""
    for number in range(len(steps) - 1, -1, -1):
        step = steps[number]
        if value is not None or step.takes_row:
            value = step.invert(value)
        if step.takes_row and number > 0:
            (value,) = value
    return value


def _read(field: Field, text: str | None) -> Any:  # noqa: ANN401 - of the type that the last step yields
    """The last step's result from the target's text; the column may be of a wider type."""
    if text is None:
        return None
    kind, target = field.yields.wire.kind, field.target.type
    written = kind if target is None else target.wire.kind
    last = field.steps[-1] if field.steps else None
    if isinstance(last, Codes) and last.word != "bool" and target is not None and written not in {"text", "char"}:
        return _meaning(last, text, field)
    if kind == "int" and written == "numeric":
        text = text.partition(".")[0]
    return parse.value(text, kind)


def _meaning(codes: Codes, text: str, field: Field) -> str:
    """Which meaning a value of another type is: the column prints its own notation."""
    target = field.target.type
    assert target is not None  # noqa: S101 - the caller has looked
    value = parse.value(text, target.wire.kind)
    for _, meaning in codes.pairs:
        if _same(literals.parse(meaning, target), value, target.wire.kind):
            return str(meaning)
    raise ValueError(f"{text!r} is the meaning of no code")


def _same(literal: Any, value: Any, kind: str) -> bool:  # noqa: ANN401 - one Python type per family
    return bool(Decimal(literal) == Decimal(value) if kind == "numeric" else literal == value)
