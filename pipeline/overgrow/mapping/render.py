"""Wire values to the text PostgreSQL reads: the readable definition, one function per family of types.

Guarantees: the text is the one PostgreSQL itself prints with TimeZone=UTC and DateStyle=ISO (booleans as `t` and `f`),
apart from trailing zeros of decimals and the notation of floats. A value PostgreSQL would read as something else, or
that Debezium sends for an infinity or a NaN, is an error. Never rounds. Called by the interpreter and, off the fast
path, by generated code.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

import msgspec

DAY_US = 86_400_000_000
DATE_MIN, DATE_MAX = -2_440_588, 2_145_042_905  # 4714-11-24 BC and 5874897-12-31, PostgreSQL's own bounds
# PostgreSQL's lower bound; above the upper one lie only the values Debezium sends for infinity, in either unit.
TIMESTAMP_MIN, TIMESTAMP_MAX = -210_866_803_200_000_000, 9_223_372_036_825_199_999

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,6}")
_ISO = re.compile(
    r"(?P<sign>[+-]?)(?P<year>\d{4,6})-(?P<day>\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)"
    r"(?:\.(?P<fraction>\d{1,9}))?(?:Z|\+00(?::00)?)(?P<bc> BC)?",
    re.ASCII,
)
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_valid_json = msgspec.json.Decoder(msgspec.Raw).decode


class Infinite(str):
    """`infinity` or `-infinity`, where a mapping declares that it may be written."""

    __slots__ = ()


def text(value: str) -> str:
    """Any text but one with a NUL character."""
    if "\0" in value:
        raise ValueError("the text holds a NUL character, which PostgreSQL cannot store")
    return value


def numeric(value: str) -> str:
    """A finite decimal in plain notation."""
    if _PLAIN.fullmatch(value):
        return value
    if _SCIENTIFIC.fullmatch(value):
        return _fixed(value)
    raise ValueError(f"{value!r} is not a finite decimal number")


def _fixed(value: str) -> str:
    number = Decimal(value, Context(prec=200_000))
    if abs(number.adjusted()) > 131_072:  # noqa: PLR2004 - digits PostgreSQL's numeric can hold
        raise ValueError(f"{value!r} does not fit a PostgreSQL numeric")
    return format(number, "f")


def boolean(value: object) -> str:
    """`t` or `f`."""
    return "t" if value else "f"


def day(value: int) -> str:
    """Days since 1970-01-01 as an ISO date, any year PostgreSQL knows."""
    if not DATE_MIN <= value <= DATE_MAX:
        raise ValueError(f"{value} days since 1970 is no date (Debezium sends such numbers for infinity)")
    year, rest = _civil(value)
    return f"{year:04d}-{rest}" if year > 0 else f"{1 - year:04d}-{rest} BC"


def _civil(days: int) -> tuple[int, str]:
    """The astronomical year and `MM-DD`, by shifting whole 400-year cycles into Python's range."""
    cycles, inside = divmod(days + 719_162, 146_097)  # 719162 days from 0001-01-01 to 1970-01-01
    date = dt.date.fromordinal(inside + 1)
    return date.year + 400 * cycles, f"{date.month:02d}-{date.day:02d}"


def time(value: int) -> str:
    """Microseconds since midnight; 24:00:00 is a time in PostgreSQL."""
    if not 0 <= value <= DAY_US:
        raise ValueError(f"{value} microseconds is no time of day")
    return _clock(value)


def _clock(value: int) -> str:
    seconds, micros = divmod(value, 1_000_000)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{clock}.{micros:06d}".rstrip("0") if micros else clock


def timestamp(value: int | Infinite, zone: str = "") -> str:
    """Microseconds since 1970 as a timestamp without zone (or with the one given)."""
    if isinstance(value, Infinite):
        return str(value)
    if not TIMESTAMP_MIN <= value <= TIMESTAMP_MAX:
        raise ValueError(f"{value} microseconds since 1970 is no timestamp (Debezium sends such numbers for infinity)")
    days, micros = divmod(value, DAY_US)
    date, _, era = day(days).partition(" ")
    return f"{date} {_clock(micros)}{zone}" + (f" {era}" if era else "")


def timestamptz(value: str) -> str:
    """Debezium's ISO text (`Z`; years signed and astronomical) or PostgreSQL's own (`+00`, `BC`)."""
    if isinstance(value, Infinite):
        return str(value)
    match = _ISO.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is not an instant in UTC")
    year = int(match["sign"] + match["year"])
    bc = bool(match["bc"])
    if year <= 0 and not bc:  # astronomical: year 0 is 1 BC
        year, bc = 1 - year, True
    fraction = (match["fraction"] or "").rstrip("0")
    if len(fraction) > 6:  # noqa: PLR2004 - PostgreSQL keeps microseconds
        raise ValueError(f"{value!r} is finer than a microsecond")
    clock = match["time"] + (f".{fraction}" if fraction else "")
    return f"{year:04d}-{match['day']} {clock}+00" + (" BC" if bc else "")


def json(value: str) -> str:
    """A JSON document that a jsonb column can hold."""
    try:
        _valid_json(value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if "\\u0000" in value and _ESCAPED_NUL.search(value):
        raise ValueError("the JSON holds an escaped NUL character, which jsonb cannot store")
    return value


def double(value: float | str) -> str:
    """A float, or the text Debezium sends for the three values JSON has no number for."""
    shown = value if isinstance(value, str) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(value))
    if shown is None:
        return repr(value)
    if shown not in {"NaN", "Infinity", "-Infinity"}:
        raise ValueError(f"{shown!r} is not a number")
    return shown


def binary(value: bytes) -> str:
    r"""Bytes as `\x` and hexadecimal digits."""
    return f"\\x{value.hex()}"


RENDER: dict[str, Callable[[Any], str]] = {
    "int": str,
    "bool": boolean,
    "text": text,
    "char": text,
    "uuid": text,
    "json": text,
    "jsonb": text,
    "numeric": numeric,
    "date": day,
    "time": time,
    "timestamp": timestamp,
    "timestamptz": timestamptz,
    "float": double,
    "bytes": binary,
}
