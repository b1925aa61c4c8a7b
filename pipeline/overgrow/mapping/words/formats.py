"""`parse_date`: dates and times kept as text or digits in one strict format."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import ClassVar

from overgrow.envelope import SqlType
from overgrow.mapping import render
from overgrow.mapping.words.step import DATE, TIMESTAMP, OneValue, Step
from overgrow.mapping.words.word import TEXT_ARGUMENT, Place, Word

_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
_DAY, _CLOCK = ("Y", "m", "d"), ("H", "M", "S")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseDate(OneValue):
    """A date or time in one format: `%Y %m %d %H %M %S` at their full widths, every other character itself."""

    word: ClassVar[str] = "parse_date"
    format: str
    numeric: bool  # the values are integers
    yields: SqlType
    one_way: str = ""

    def apply(self, value: str | int) -> int:
        """Days, or microseconds, since 1970; anything that is not exactly of the format is an error."""
        text = str(value)
        found = _pattern(self.format).fullmatch(text)
        if found is None:
            raise ValueError(f"{text[:_LONGEST]!r} is not in the format {self.format}")
        parts = {name: int(figures) for name, figures in found.groupdict().items()}
        hour, minute, second = (parts.get(name, 0) for name in _CLOCK)
        return self._value(dt.datetime(parts["Y"], parts["m"], parts["d"], hour, minute, second, tzinfo=dt.UTC))

    def invert(self, value: int) -> str | int:
        """Write it in the format."""
        shown = render.timestamp(value * render.DAY_US if self.yields == DATE else value)
        if "." in shown or shown.endswith("BC") or not re.fullmatch(r"\d{4}-.*", shown):
            raise ValueError(f"{shown} cannot be written as {self.format}")
        figures = dict(zip((*_DAY, *_CLOCK), re.split("[- :]", shown), strict=True))
        text = re.sub("%(.)", lambda match: figures[match[1]], self.format)
        if self.apply(text) != value:
            raise ValueError(f"{shown} cannot be written as {self.format}")
        return int(text) if self.numeric else text

    def _value(self, moment: dt.datetime) -> int:
        unit = dt.timedelta(days=1) if self.yields == DATE else dt.timedelta(microseconds=1)
        return (moment - _EPOCH) // unit


def _pattern(form: str) -> re.Pattern[str]:
    parts = re.split("%(.)", form)
    shown = [
        f"(?P<{part}>[0-9]{{{_WIDTHS[part]}}})" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    ]
    return re.compile("".join(shown))


def _parse_date(place: Place) -> Step | None:
    form = place.text(place.argument, what="the format, as in {parse_date: '%Y%m%d'}")
    if form is None:
        if place.argument is None:
            place.problem("bad-argument", "parse_date needs a format, as in {parse_date: '%Y%m%d'}")
        return None
    digits = place.arriving.wire.kind == "int"
    if why := _mistake(form, digits=digits):
        place.problem("bad-date-format", f"parse_date: {form[:_LONGEST]!r}: {why}")
        return None
    yields = TIMESTAMP if any(f"%{name}" in form for name in _CLOCK) else DATE
    return ParseDate(format=form, numeric=digits, yields=yields)


def _mistake(form: str, *, digits: bool) -> str:
    used = re.findall("%(.?)", form)
    unknown = [name for name in used if name not in _WIDTHS]
    if len(form) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if unknown:
        return f"%{unknown[0]} is none of %Y %m %d %H %M %S"
    if len(set(used)) < len(used) or not set(_DAY) <= set(used):
        return "each of %Y %m %d is there once, and of %H %M %S each once at most"
    if digits and (not form.startswith("%Y") or len(form) != 2 * len(used)):
        return "of a column of numbers the format begins with %Y and has nothing but parts"
    return ""


WORDS = (
    Word(
        name="parse_date", takes=frozenset({"text", "char", "int"}), gives="date, or timestamp with %H, %M or %S",
        does="Reads a date kept as text or as a number in one strict format of `%Y %m %d %H %M %S` and other "
        "characters. Anything that is not exactly of the format is a dead letter (name a zero date before: "
        "`{null_if: 0}`).",
        back="yes", example="{from: ord_dt, do: [{null_if: 0}, {parse_date: '%Y%m%d'}]}",
        build=_parse_date, schema=TEXT_ARGUMENT,
    ),
)  # fmt: skip
