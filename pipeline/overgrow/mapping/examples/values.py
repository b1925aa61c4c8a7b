r"""Values as `psql` prints them, read by a column's type: to what the wire carries, and to what can be compared.

Guarantees: `parse` gives the wire value PostgreSQL and Debezium would make of the same text, or says why there is none;
a value the column could not hold is refused. Never knows a mapping. Called by the reader of example files and, for
texts on their way into a target column, by the runner.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from overgrow.envelope import SqlType
from overgrow.mapping import render
from overgrow.mapping.examples import jsonb, moments
from overgrow.mapping.plan import TargetColumn

_INTEGER = re.compile(r"-?\d+", re.ASCII)
_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_FLOAT = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_SPECIAL_NUMERIC = {"NaN": "NAN", "Infinity": "POSITIVE_INFINITY", "-Infinity": "NEGATIVE_INFINITY"}
_SPECIAL_FLOAT = frozenset(_SPECIAL_NUMERIC)
_BOOLEANS = {"t": True, "true": True, "f": False, "false": False}
_IN_SEVERAL_NOTATIONS = frozenset({"numeric", "json", "jsonb", "char", "timestamptz"})
_DIGITS = 131_072 + 16_383  # a numeric's largest number of digits


def parse(text: str, of: SqlType) -> Any:  # noqa: ANN401 - one Python type per SQL type
    """The wire value of a text; ValueError says why it is none of this type."""
    kind = of.wire.kind
    if kind not in PARSERS:
        raise ValueError(f"a value of type {of} cannot be written in an example")
    return PARSERS[kind](text, of)


def comparable(text: str, of: SqlType | None) -> Any:  # noqa: ANN401 - only compared
    """What two texts of a type have in common when PostgreSQL calls them equal."""
    value = text if of is None else parse(text, of)
    if of is None or of.wire.kind != "numeric":
        return value.rstrip(" ") if of is not None and of.wire.kind == "char" else value
    return value if value in _SPECIAL_NUMERIC.values() else Decimal(value)


def same(one: Any, other: Any, of: SqlType) -> bool:  # noqa: ANN401 - wire values
    """Whether two wire values are one to their type: 12.5 and 12.50, JSON in another order, an instant's notations.

    1 is not True here, nor a number its text.
    """
    if type(one) is type(other) and one == other:
        return True
    if one is None or other is None or of.wire.kind not in _IN_SEVERAL_NOTATIONS:
        return False
    try:
        texts = [render.RENDER[of.wire.kind](value) for value in (one, other)]
        if of.wire.kind in {"json", "jsonb"}:
            return len({jsonb.canonical(text) for text in texts}) == 1
        return len({comparable(text, of) for text in texts}) == 1
    except (ValueError, TypeError, AttributeError):  # the function of a user may give any type
        return False


def printed(text: str | None, of: SqlType | None) -> str | None:
    """What PostgreSQL prints of a text that was written to a column of this type."""
    if text is None or of is None or of.wire.kind not in {"numeric", "jsonb", "char"}:
        return text
    value: str = parse(text, of)
    return {wire: name for name, wire in _SPECIAL_NUMERIC.items()}.get(value, value)


def refused(text: str | None, column: TargetColumn) -> str:
    """Why the target column would not take this text; empty if it would."""
    if text is None:
        return "" if column.nullable else f"NULL into {column.type_text} not null"
    if column.type is None:
        return ""
    try:
        parse(text, column.type)
    except ValueError as error:
        return f"{error}, into {column.type_text}"
    return ""


def _text(text: str, of: SqlType) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(f"{text!r} holds half a surrogate pair")
    if of.size is not None and len(text) > of.size:
        raise ValueError(f"{_short(text)} is longer than {of}")
    return render.text(text)


def _char(text: str, of: SqlType) -> str:
    """The wire keeps a char(n) padded."""
    return _text(text.rstrip(" "), of).ljust(of.size or 0)


def _integer(text: str, of: SqlType) -> int:
    half = 2 ** (_BITS[of.name] - 1)
    if not _INTEGER.fullmatch(text) or len(text) > len(str(-half)) or not -half <= int(text) < half:
        raise ValueError(f"{_short(text)} is not a {of}")
    return int(text)


def _numeric(text: str, of: SqlType) -> str:
    """A column with a scale prints all its decimals."""
    if text in _SPECIAL_NUMERIC:
        return _SPECIAL_NUMERIC[text]
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > _DIGITS:
        raise ValueError(f"{_short(text)} is not a decimal number as in -12.50")
    sign, whole, decimals = match[1], match[2].lstrip("0") or "0", match[3] or ""
    if of.size is not None:
        scale = of.scale or 0
        if decimals[scale:].strip("0"):
            raise ValueError(f"{_short(text)} has more decimals than {of}")
        if len(whole.lstrip("0")) > of.size - scale:
            raise ValueError(f"{_short(text)} does not fit {of}")
        decimals = decimals[:scale].ljust(scale, "0")
    zero = not (whole + decimals).strip("0")
    return ("" if zero else sign) + whole + (f".{decimals}" if decimals else "")


def _boolean(text: str, of: SqlType) -> bool:
    del of
    if text not in _BOOLEANS:
        raise ValueError(f"{_short(text)} is not one of {', '.join(_BOOLEANS)}")
    return _BOOLEANS[text]


def _float(text: str, of: SqlType) -> float | str:
    if text in _SPECIAL_FLOAT:
        return text
    if not _FLOAT.fullmatch(text) or len(text) > 1000 or math.isinf(float(text)):  # noqa: PLR2004 - digits
        raise ValueError(f"{_short(text)} is not a {of}")
    return float(text)


def _uuid(text: str, of: SqlType) -> str:
    del of
    if not _UUID.fullmatch(text.lower()):
        raise ValueError(f"{_short(text)} is not a uuid")
    return text.lower()


def _bytes(text: str, of: SqlType) -> bytes:
    del of
    digits = text.removeprefix("\\x")
    if digits == text or not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", digits):
        raise ValueError(f"{_short(text)} is not written as \\x and hexadecimal digits")
    return bytes.fromhex(digits)


def _json(text: str, of: SqlType) -> str:
    """A json column keeps the text as it is; jsonb prints its own."""
    printed = jsonb.canonical(text)
    return printed if of.name == "jsonb" else text


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")  # noqa: PLR2004 - characters of a message


def _plain(parser: Callable[[str], Any]) -> Callable[[str, SqlType], Any]:
    return lambda text, _: parser(text)


PARSERS: dict[str, Callable[[str, SqlType], Any]] = {
    "text": _text,
    "char": _char,
    "int": _integer,
    "bool": _boolean,
    "numeric": _numeric,
    "date": _plain(moments.date),
    "timestamp": _plain(moments.timestamp),
    "timestamptz": _plain(moments.instant),
    "time": _plain(moments.time),
    "json": _json,
    "jsonb": _json,
    "uuid": _uuid,
    "bytes": _bytes,
    "float": _float,
}
