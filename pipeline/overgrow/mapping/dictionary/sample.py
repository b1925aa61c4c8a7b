"""Rows before and after, for reading.

Guarantees: a value that the mapping hides (`hmac`, `token`, `mask`) is shown only after translation, nowhere else: not
before, not in a field that takes it as it is, not in the cause of an error. Called by `show --sample`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from overgrow import errors
from overgrow.mapping.dictionary.entry import hidden, personal
from overgrow.mapping.dictionary.rows import Row
from overgrow.mapping.interpret import field_text
from overgrow.mapping.plan import Field, TablePlan
from overgrow.mapping.render import RENDER

HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One target column of a row: its sources and its result as PostgreSQL prints them; `refused`: why it has none."""

    field: str
    before: Mapping[str, str | None]
    after: str | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row of one target; `outside`: the filter leaves it out, `refused`: why the filter could not say."""

    name: str
    target: str
    outside: bool
    refused: str
    values: tuple[Value, ...]

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"values": [asdict(one) for one in self.values]}


def translated(plan: TablePlan, rows: Iterable[Row]) -> list[Sample]:
    """Each row in each target; ConfigurationError where a key of personal data is not there."""
    plan.require_keys()
    secret = hidden(plan)
    return [_sample(one, row, secret) for row in rows for one in plan.targets]


def _sample(plan: TablePlan, row: Row, secret: frozenset[str]) -> Sample:
    refused, inside = "", True
    try:
        inside = plan.where.holds(row.values)
    except ValueError as error:
        refused = HIDDEN if plan.where.columns & secret else str(error)
    return Sample(
        name=row.name,
        target=plan.name,
        outside=not inside,
        refused=refused,
        values=tuple(_value(plan, field, row.values, secret) for field in plan.fields) if inside else (),
    )


def _value(plan: TablePlan, field: Field, row: Mapping[str, Any], secret: frozenset[str]) -> Value:
    kinds = {column.name: column.type.wire.kind for column in plan.columns}
    before = {name: HIDDEN if name in secret else printed(row[name], kinds[name]) for name in field.inputs}
    closed = bool(secret.intersection(field.inputs))
    try:
        after = field_text(field, row)
    except errors.TranslationError as error:
        return Value(field=field.target.name, before=before, refused=HIDDEN if closed else error.cause)
    if closed and not personal(field):
        after = HIDDEN
    return Value(field=field.target.name, before=before, after=after)


def printed(value: Any, kind: str) -> str | None:  # noqa: ANN401 - one Python type per family
    """A wire value as PostgreSQL prints it; one that it would not print (an infinite date) as it is sent."""
    if value is None:
        return None
    try:
        return RENDER[kind](value)
    except ValueError:
        return str(value)
