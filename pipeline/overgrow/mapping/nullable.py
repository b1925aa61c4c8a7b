"""Whether a field's value can be NULL.

Guarantees: where the answer is no, the steps never give NULL for a row the source can hold. Never looks at a row: a
column's declaration, the steps and a translator's own annotation say it. Called by the compiler.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Container, Sequence

from overgrow.mapping.catalogue import SourceColumn
from overgrow.mapping.document import ConditionDocument
from overgrow.mapping.translators import Translator
from overgrow.mapping.words.nulls import Default, Required
from overgrow.mapping.words.step import Step
from overgrow.mapping.words.surrogate import Uuid5
from overgrow.mapping.words.times import Sentinels
from overgrow.mapping.words.translate import Translate

_NOT_NULL = frozenset({"in", "at_least", "less_than", "not_null"})  # relations that no NULL is in


def present(where: Sequence[Sequence[ConditionDocument]]) -> frozenset[str]:
    """The columns that no row inside the filter has a NULL in."""
    groups = [{one.column.text for one in group if one.relation in _NOT_NULL} for group in where]
    return frozenset(set.intersection(*groups)) if groups else frozenset()


def cause(columns: Sequence[SourceColumn], steps: Sequence[Step], filtered: Container[str]) -> str:
    """What can make the field's value NULL; empty where it never is. `filtered`: the columns that the filter keeps
    NULLs out of.
    """
    names = [column.name for column in columns if column.nullable and column.name not in filtered]
    found = _of_columns(names, len(columns), steps[0] if steps else None)
    for number, step in enumerate(steps):
        if isinstance(step, (Default, Required)):
            found = ""
        elif isinstance(step, Translate):
            found = _of_translator(step.translator)
        elif _gives_null(step) and not (number == 0 and step.takes_row):
            found = found or f"{step.word} can give NULL"
    return found


def _of_columns(names: Sequence[str], columns: int, first: Step | None) -> str:
    """A word of several columns gives NULL when all of them are; uuid5 when any is."""
    if not names or (len(names) < columns and not isinstance(first, Uuid5)):
        return ""
    return f"column{'s' if len(names) > 1 else ''} {', '.join(names)} can be NULL"


def _of_translator(translator: Translator) -> str:
    try:
        given = typing.get_type_hints(translator.function).get("return", typing.Any)
    except Exception as error:  # noqa: BLE001 - a user's annotation may name anything
        return f"translator {translator.name} can give NULL (its annotation cannot be read: {error})"
    union = isinstance(given, types.UnionType) or typing.get_origin(given) is typing.Union
    options = typing.get_args(given) if union else (given,)
    if typing.Any in options or type(None) in options or object in options:
        return f"translator {translator.name} can give NULL (only one annotated without None never does)"
    return ""


def _gives_null(step: Step) -> bool:
    if isinstance(step, Sentinels):
        return any(meaning is None for _, meaning in step.meanings)
    return step.gives_null
