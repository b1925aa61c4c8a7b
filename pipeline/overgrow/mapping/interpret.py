"""The readable interpreter of a plan: what a mapping means.

Guarantees: each target column's value as the text PostgreSQL reads, `OUTSIDE` for a row the filter leaves out, or a
`TranslationError` naming field, column and cause. Never fast. The oracle of the generated code; also finds the cause
when generated code fails.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final, Literal

from overgrow import errors
from overgrow.mapping.plan import Field, TablePlan
from overgrow.mapping.render import RENDER


class Outside(enum.Enum):
    """The type of `OUTSIDE`."""

    OUTSIDE = "outside the mapping's filter"


OUTSIDE: Final = Outside.OUTSIDE


def interpret(plan: TablePlan, row: Mapping[str, Any]) -> dict[str, str | None] | Literal[Outside.OUTSIDE]:
    """Translate a row of wire values; fields whose inputs are not in the row are left out."""
    try:
        inside = plan.where.holds(row)
    except ValueError as error:
        raise errors.TranslationError("where", ", ".join(sorted(plan.where.columns)), str(error)) from error
    if not inside:
        return OUTSIDE
    return {
        field.target.name: field_text(field, row) for field in plan.fields if all(name in row for name in field.inputs)
    }


def field_text(field: Field, row: Mapping[str, Any]) -> str | None:
    """One field's value as text, None for NULL."""
    if field.constant is not None:
        return field.constant
    try:
        return _text(field, tuple(row[name] for name in field.inputs))
    except errors.ConfigurationError:
        raise  # a key of personal data that is not there is no fault of the row
    except Exception as error:
        cause = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise errors.TranslationError(field.target.name, ", ".join(field.inputs), cause) from error


def _text(field: Field, inputs: tuple[Any, ...]) -> str | None:
    value = field_value(field, inputs)
    return None if value is None else RENDER[field.yields.wire.kind](value)


def field_value(field: Field, inputs: tuple[Any, ...]) -> Any:  # noqa: ANN401 - of the type that the last step yields
    """One field's value before it is printed."""
    value = inputs[0]
    for number, step in enumerate(field.steps):
        if step.takes_row:
            value = step.apply(inputs if number == 0 else (value,))
        elif value is not None or step.sees_null:
            value = step.apply(value)
    return value
