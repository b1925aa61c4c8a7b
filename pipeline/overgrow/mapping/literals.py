"""Values written in a mapping (always text there) to the typed value a column of that type has on the wire.

Guarantees: a literal either is a value of the type or is refused with the reason; it never compares as text where the
type compares by value. Called by the compiler for codes, filters, defaults and constants.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from overgrow.envelope import SqlType
from overgrow.mapping import render

_INT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DIGITS = 1000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def parse(text: str, sql_type: SqlType) -> Any:  # noqa: ANN401 - one Python type per SQL type
    """The wire value of a literal; ValueError says why it is none."""
    kind = sql_type.wire.kind
    if kind == "char":
        return _padded(text, sql_type)
    if kind not in _PARSERS:
        raise ValueError(f"a literal of type {sql_type} is not supported here")
    return _PARSERS[kind](text)


def _padded(text: str, sql_type: SqlType) -> str:
    """The wire keeps a char(n) padded, so its literals are."""
    size = sql_type.size or 0
    if size and len(text.rstrip(" ")) > size:
        raise ValueError(f"{text!r} is longer than {sql_type}")
    return render.text(text.rstrip(" ").ljust(size))


def _integer(text: str) -> int:
    if not _INT.fullmatch(text) or len(text) > _DIGITS:
        raise ValueError(f"{text!r} is not an integer")
    return int(text)


def _numeric(text: str) -> str:
    if len(text) > _DIGITS:
        raise ValueError(f"a number of {len(text)} characters is too long")
    return render.numeric(text)


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _date(text: str) -> int:
    return (dt.date.fromisoformat(text) - _EPOCH.date()).days


def _timestamp(text: str) -> int:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(f"{text!r} has a zone, the column has none")
    return (moment.replace(tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "text": render.text,
    "uuid": render.text,
    "timestamptz": render.text,
    "int": _integer,
    "bool": _boolean,
    "numeric": _numeric,
    "date": _date,
    "timestamp": _timestamp,
}


def sql(text: str) -> str:
    """A SQL string literal; PostgreSQL gives it the type of the column it meets."""
    return "'" + text.replace("'", "''") + "'"
