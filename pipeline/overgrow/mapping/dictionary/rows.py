"""The rows of a file for `show --sample FILE`: an examples file, or JSON.

Guarantees: a row has a wire value for every column that the mapping uses, or the file is a ConfigurationError that
names the place. JSON values are read as `psql` prints them (`12.50`, `"2024-02-29"`, null).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from overgrow import errors
from overgrow.mapping import examples
from overgrow.mapping.examples import values
from overgrow.mapping.plan import TablePlan
from overgrow.mapping.problems import Problems
from overgrow.mapping.words import documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Wire values by column, under a name to show."""

    name: str
    values: Mapping[str, Any]


def read(text: str, file: str, plan: TablePlan) -> list[Row]:
    """The rows of a file's text."""
    return _of_json(text, file, plan) if text.lstrip()[:1] in {"{", "["} else _of_examples(text, file, plan)


def _of_examples(text: str, file: str, plan: TablePlan) -> list[Row]:
    problems = Problems(file)
    found = examples.read(text, problems, plan)
    if found is None:
        raise errors.ConfigurationError("\n".join(map(str, problems.found)))
    return [Row(name=one.name, values=one.row) for one in found.examples]


def _of_json(text: str, file: str, plan: TablePlan) -> list[Row]:
    try:
        found = documents.document(text)
    except ValueError as error:
        raise errors.ConfigurationError(f"{file}: {error}") from error
    rows = found if isinstance(found, list) else [found]
    return [_row(one, f"row {number}", file, plan) for number, one in enumerate(rows, 1)]


def _row(found: object, name: str, file: str, plan: TablePlan) -> Row:
    if not isinstance(found, dict):
        raise errors.ConfigurationError(f"{file}: {name} is no object of columns")
    missing = [column.name for column in plan.used if column.name not in found]
    if missing:
        raise errors.ConfigurationError(f"{file}: {name} has no {', '.join(missing)} of {plan.source_table}")
    made = {}
    for column in plan.used:
        try:
            shown = _text(found[column.name])
            made[column.name] = None if shown is None else values.parse(shown, column.type)
        except ValueError as error:
            raise errors.ConfigurationError(f"{file}: {name}: {column.name}: {error}") from error
    return Row(name=name, values=made)


def _text(value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
    return documents.dumped(value)
