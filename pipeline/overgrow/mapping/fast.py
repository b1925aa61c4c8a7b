"""Fast equals of the steps and renderings, for generated code.

Guarantees: each function gives for every value what the readable one gives, and fails where it fails: the common form
takes the short way, anything else goes to the readable rule itself. Never reached but through generated code; a
property test holds the two equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from overgrow.mapping import render
from overgrow.mapping.copytext import escape
from overgrow.mapping.instants import day_text, timestamp_text, utc_text
from overgrow.mapping.words.codes import Codes
from overgrow.mapping.words.numbers import Decimals, MinorUnits
from overgrow.mapping.words.step import Step
from overgrow.mapping.words.text import Case, Trim
from overgrow.mapping.words.times import Instant
from overgrow.mapping.words.translate import Translate

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
_DEBEZIUM_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{0,5}[1-9])?Z"
).fullmatch

Function = Callable[[Any], Any]


def numeric(value: str) -> str:
    """`render.numeric`."""
    return value if _PLAIN(value) else render.numeric(value)


def timestamptz(value: str) -> str:
    """`render.timestamptz`; the year 0 is none of PostgreSQL's."""
    if _DEBEZIUM_INSTANT(value) and value[:4] != "0000":
        return f"{value[:10]} {value[11:-1]}+00"
    return render.timestamptz(value)


def binary(value: bytes) -> str:
    """`render.binary`, escaped."""
    return f"\\\\x{value.hex()}"


def renderer(kind: str) -> Function | None:
    """The function that prints a kind of value as COPY text; None where the value is text and escaped with others."""
    if kind in {"text", "char", "uuid", "json", "jsonb", "int"}:
        return None
    made: dict[str, Callable[[], Function]] = {
        "date": day_text,
        "timestamp": timestamp_text,
        "numeric": lambda: numeric,
        "timestamptz": lambda: timestamptz,
        "bytes": lambda: binary,
    }
    return made[kind]() if kind in made else render.RENDER[kind]


def step(one: Step) -> Function:
    """The function of a step that has a faster form, else its own."""
    return _faster(one) or ((lambda *values: one.apply(values)) if one.takes_row else one.apply)


def _faster(one: Step) -> Function | None:
    found: Function | None = None
    match one:
        case Trim():
            found = _trim
        case Case():
            found = str.upper if one.word == "upper" else str.lower
        case Codes() if one.otherwise is None:
            found = dict(one.pairs).__getitem__
        case MinorUnits():
            found = _minor_units(one)
        case Decimals():
            found = _decimals(one)
        case Translate():
            found = _translate(one)
    return found


def last_step(one: Step) -> Function | None:
    """The function of a step together with the printing of its result, where both at once is faster."""
    match one:
        case Codes():
            return _codes(one)
        case Instant():
            return utc_text(one.zone)
        case Decimals():
            return _decimals(one)
        case _:
            return None


def _codes(one: Codes) -> Function:
    printed = render.RENDER[one.yields.wire.kind]
    table = {code: escape(printed(meaning)) for code, meaning in one.pairs}
    if one.otherwise is None:
        return table.__getitem__
    otherwise = escape(printed(one.otherwise))
    return lambda code: table.get(code, otherwise)


def _trim(value: str) -> str:
    return value.strip(" ")


def _minor_units(one: MinorUnits) -> Function:
    digits = one.digits
    match = re.compile(rf"(-?[0-9]{{1,30}})\.([0-9]{{{digits}}})" if digits else r"(-?[0-9]{1,30})()").fullmatch

    def minor_units(value: str | int) -> int:
        found = match(value) if type(value) is str else None
        return int(found[1] + found[2]) if found else one.apply(value)

    return minor_units


def _decimals(one: Decimals) -> Function:
    scale = one.yields.scale or 0
    match = re.compile(rf"-?[0-9]+(?:\.[0-9]{{1,{scale}}})?" if scale else r"-?[0-9]+").fullmatch

    def decimals(value: str) -> str:
        return value if match(value) else one.apply(value)

    return decimals


def _translate(one: Translate) -> Function:
    function, expected = one.translator.function, one.yields.wire.python

    def translate(*values: Any) -> Any:  # noqa: ANN401 - declared by the translator
        result = function(*values)
        if result is None or type(result) is expected:
            if isinstance(result, str) and not result.isascii():
                result.encode()  # as the step does: a lone surrogate would spoil the whole batch
            return result
        return one.apply(values)

    return translate
