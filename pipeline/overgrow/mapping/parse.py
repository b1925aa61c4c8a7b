"""The text PostgreSQL prints (TimeZone=UTC, DateStyle=ISO) to wire values: the inverse of `render`.

Guarantees: `RENDER[kind](value(text, kind))` is the text again, but for zeros at the end of decimals; text that is no
value of the family is a ValueError. Called for the way back and for values inside JSON.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

from overgrow.mapping import render

_INT = re.compile(r"-?[0-9]{1,1000}")  # of any type that can be cast from it
_DATE = re.compile(r"([0-9]{4,7})-([0-9]{2})-([0-9]{2})( BC)?")
_MOMENT = re.compile(r"([0-9]{4,6}-[0-9]{2}-[0-9]{2}) ([0-9:.]{8,15})( BC)?")
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?")
_CYCLE_YEARS, _CYCLE_DAYS, _TO_1970 = 400, 146_097, 719_163


def value(text: str, kind: str) -> Any:  # noqa: ANN401 - one Python type per family
    """The wire value of a text, by family of types."""
    return _PARSERS[kind](text)


def _whole(text: str) -> int:
    if not _INT.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in {"t", "f", "true", "false"}:
        raise ValueError(f"{text[:40]!r} is no boolean")
    return text[0] == "t"


def _day(text: str) -> int:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no date")
    year = int(found[1]) if found[4] is None else 1 - int(found[1])
    cycles, inside = divmod(year - 1, _CYCLE_YEARS)  # Python knows the years 1 to 9999 only; 400 years repeat
    day = dt.date(inside + 1, int(found[2]), int(found[3])).toordinal() + cycles * _CYCLE_DAYS
    return day - _TO_1970


def _time(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no time of day")
    hours, minutes, seconds = (int(found[place]) for place in (1, 2, 3))
    return (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + int((found[4] or "").ljust(6, "0"))


def _timestamp(text: str) -> int | render.Infinite:
    if text in {"infinity", "-infinity"}:
        return render.Infinite(text)
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no timestamp")
    return _day(found[1] + (found[3] or "")) * render.DAY_US + _time(found[2])


def _timestamptz(text: str) -> str:
    return render.Infinite(text) if text in {"infinity", "-infinity"} else render.timestamptz(text)


def _float(text: str) -> float | str:
    return text if text in {"NaN", "Infinity", "-Infinity"} else float(text)


def _bytes(text: str) -> bytes:
    if not text.startswith("\\x"):
        raise ValueError(f"{text[:40]!r} is no bytea")
    return bytes.fromhex(text[2:])


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "int": _whole,
    "bool": _boolean,
    "text": render.text,
    "char": render.text,
    "uuid": render.text,
    "json": render.text,
    "jsonb": render.text,
    "numeric": render.numeric,
    "date": _day,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "float": _float,
    "bytes": _bytes,
}
