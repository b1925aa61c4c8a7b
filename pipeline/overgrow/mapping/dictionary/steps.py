"""A step as it is told to people: its word, and what it was given.

Guarantees: values are shown as PostgreSQL prints them; what is declared as an error, the rule everywhere, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from overgrow.envelope import SqlType
from overgrow.mapping.render import RENDER
from overgrow.mapping.words.numbers import Decimals
from overgrow.mapping.words.step import Step, argument

MOST = 12  # codes of a table that are shown
_KINDS = frozenset({"date", "timestamp"})  # whose wire values are numbers that nobody reads


def visible(text: str | None) -> str:
    """A value as it is, in quotes where it would not be seen."""
    if text is None:
        return "NULL"
    return text if text and text == text.strip() and text.isprintable() else repr(text)


def shown(step: Step, arriving: SqlType) -> str:
    """The step, to which values of this type come."""
    given: dict[str, Any] = {"scale": step.yields.scale} if isinstance(step, Decimals) else argument(step)
    table = given.pop("pairs", None) or given.pop("meanings", None)
    parts = [step.word]
    if table is not None:
        parts.append(_table(step, table, padded=arriving.wire.kind == "char"))
    parts += _options({name: value for name, value in given.items() if value != "error"}, step, alone=table is None)
    return " ".join(parts)


def _options(given: dict[str, Any], step: Step, *, alone: bool) -> list[str]:
    if len(given) == 1 and alone:
        return [_value(value, step) for value in given.values()]
    return [f"{name}={_value(value, step)}" for name, value in given.items()]


def _table(step: Step, pairs: Sequence[tuple[Any, Any]], *, padded: bool) -> str:
    told = [
        f"{_value(code.rstrip(' ') if padded else code, step)}={_value(meaning, step)}"
        for code, meaning in pairs[:MOST]
    ]
    more = [f"… {len(pairs) - MOST:,} more"] if len(pairs) > MOST else []
    return " ".join([*told, *more])


def _value(value: Any, step: Step) -> str:  # noqa: ANN401 - one Python type per family
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if step.yields.wire.kind in _KINDS:
            return RENDER[step.yields.wire.kind](value)
        case list():
            return ".".join(map(str, value)) if step.word == "pick" else ",".join(map(str, value))
    return visible(str(value))
