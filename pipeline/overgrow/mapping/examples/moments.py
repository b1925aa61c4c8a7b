"""Dates and times as PostgreSQL prints them, to numbers: the inverse of `mapping.render`.

Guarantees: any date PostgreSQL knows, also BC and behind the year 9999; infinity is the number that the source's SQL
twin gives for it. Never guesses a zone. Called by `values`.
"""

from __future__ import annotations

import datetime as dt
import re

from overgrow.mapping import render

_DATE = re.compile(r"(\d{4,7})-(\d\d)-(\d\d)( BC)?", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?", re.ASCII)
_MOMENT = re.compile(
    r"(?P<date>\d{4,7}-\d\d-\d\d)(?:[ T](?P<time>[\d:.]+))? ?(?P<zone>Z|[+-][\d:]+)?(?P<era> BC)?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d\d)(?::?([0-5]\d)(?::([0-5]\d))?)?", re.ASCII)
_DAYS_TO_1970 = 719_163  # the ordinal of 1970-01-01
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
_SECOND_US, _LAST_HOUR, _SIXTY = 1_000_000, 24, 60
_UNSIGNED = 9999  # later years carry a sign
_DATES = {"infinity": 2**31 - 1, "-infinity": -(2**31)}
_TIMESTAMPS = {"infinity": 2**63 - 1, "-infinity": -(2**63)}


def date(text: str) -> int:
    """Days since 1970."""
    if text in _DATES:
        return _DATES[text]
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a date as in 2024-02-29")
    return _day(text, *map(int, match.groups()[:3]), before_christ=bool(match[4]))


def time(text: str) -> int:
    """Microseconds since midnight."""
    match = _TIME.fullmatch(text)
    value = -1 if match is None else _clock(match)
    if not 0 <= value <= render.DAY_US:
        raise ValueError(f"{text!r} is not a time as in 23:59:59")
    return value


def timestamp(text: str) -> int:
    """Microseconds since 1970 on the wall clock."""
    if text in _TIMESTAMPS:
        return _TIMESTAMPS[text]
    match = _moment(text)
    if match["zone"]:
        raise ValueError(f"{text!r} has an offset from UTC, the column has none")
    return _microseconds(text, match)


def instant(text: str) -> str:
    """The text Debezium sends: ISO in UTC, years astronomical and signed where they have not four digits."""
    if text in _TIMESTAMPS:
        return text
    match = _moment(text)
    if not match["zone"]:
        raise ValueError(f"{text!r} has no offset from UTC: add +00, or the one that psql printed")
    value = _microseconds(text, match) - _offset(text, match["zone"])
    _check(text, value)
    days, micros = divmod(value, render.DAY_US)
    day, _, era = render.day(days).partition(" ")
    year, rest = int(day[:-6]), day[-5:]
    return f"{_astronomical(1 - year if era else year)}-{rest}T{render.time(micros)}Z"


def _astronomical(year: int) -> str:
    sign = "-" if year < 0 else "+" if year > _UNSIGNED else ""
    return f"{sign}{abs(year):04d}"


def _moment(text: str) -> re.Match[str]:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a date and time as in 2024-02-29 23:59:59")
    return match


def _microseconds(text: str, match: re.Match[str]) -> int:
    value = date(match["date"] + (match["era"] or "")) * render.DAY_US + time(match["time"] or "00:00")
    _check(text, value)
    return value


def _check(text: str, value: int) -> None:
    if not render.TIMESTAMP_MIN <= value <= render.TIMESTAMP_MAX:
        raise ValueError(f"{text!r} is outside the years of a timestamp")


def _offset(text: str, zone: str) -> int:
    match = _OFFSET.fullmatch("+00" if zone == "Z" else zone)
    if match is None:
        raise ValueError(f"{text!r}: {zone!r} is no offset from UTC as in +01 or -03:30")
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    value = ((hours * _SIXTY + minutes) * _SIXTY + seconds) * _SECOND_US
    return -value if match[1] == "-" else value


def _clock(match: re.Match[str]) -> int:
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    if hours > _LAST_HOUR or minutes >= _SIXTY or seconds >= _SIXTY:
        return -1
    return ((hours * _SIXTY + minutes) * _SIXTY + seconds) * _SECOND_US + int((match[4] or "0").ljust(6, "0"))


def _day(text: str, year: int, month: int, day: int, *, before_christ: bool) -> int:
    """Shift the year by whole cycles of the calendar into those Python knows."""
    if year == 0:
        raise ValueError(f"{text!r}: there is no year 0")
    shifted = (1 - year if before_christ else year) - 1
    cycles, inside = divmod(shifted, _CYCLE_YEARS)
    try:
        days = dt.date(inside + 1, month, day).toordinal() - _DAYS_TO_1970 + cycles * _CYCLE_DAYS
    except ValueError:
        raise ValueError(f"{text!r}: there is no such day") from None
    if not render.DATE_MIN <= days <= render.DATE_MAX:
        raise ValueError(f"{text!r} is outside the dates PostgreSQL knows")
    return days
