"""Naive local time to an instant, by the rules of one time zone.

Guarantees: an hour that exists twice or not at all is an error or the declared choice. Never depends on the machine's
own zone. `Zone.to_utc` is the readable rule; `utc_text` makes its fast twin for generated code.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass

from overgrow.mapping import render

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock time, its zone is what this module adds
_MICRO = dt.timedelta(microseconds=1)
# Offsets are below a day: one day inside Python's years 1 to 9999 keeps every sum in range.
_MIN, _MAX = -62_135_510_400_000_000, 253_402_214_400_000_000
_HOUR_US = 3_600_000_000
_CACHED_DAYS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A time zone with the declared choices for its two odd hours a year."""

    name: str
    ambiguous: str = "error"
    missing: str = "error"

    def to_utc(self, local: int) -> int:
        """Microseconds since 1970 on the wall clock to microseconds since 1970 in UTC."""
        first, second = self.offsets(local)
        if first == second:
            return local - first
        if first < second:  # the clock was put forward over this time
            if self.missing == "error":
                raise ValueError(f"{render.timestamp(local)} does not exist in {self.name}")
            return local - first
        if self.ambiguous == "error":
            raise ValueError(f"{render.timestamp(local)} exists twice in {self.name}")
        return local - (first if self.ambiguous == "earlier" else second)

    def to_local(self, utc: int) -> int:
        """Microseconds since 1970 in UTC to microseconds since 1970 on the wall clock."""
        if not _MIN <= utc <= _MAX:
            raise ValueError(f"{utc} microseconds since 1970 is outside the years time zones are defined for")
        moment = (_EPOCH + dt.timedelta(microseconds=utc)).replace(tzinfo=dt.UTC)
        offset = moment.astimezone(zoneinfo.ZoneInfo(self.name)).utcoffset()
        if offset is None:  # pragma: no cover - a ZoneInfo always has an offset
            raise ValueError(f"{self.name} has no offset at {moment}")
        return utc + offset // _MICRO

    def describe(self) -> dict[str, object]:
        """For printing."""
        return {"zone": self.name, "ambiguous": self.ambiguous, "missing": self.missing}

    def offsets(self, local: int) -> tuple[int, int]:
        """The zone's offset from UTC at a wall clock time, read as the earlier and as the later of two."""
        if not _MIN <= local <= _MAX:
            raise ValueError(f"{local} microseconds since 1970 is outside the years time zones are defined for")
        moment = (_EPOCH + dt.timedelta(microseconds=local)).replace(tzinfo=zoneinfo.ZoneInfo(self.name))
        first, second = (moment.replace(fold=fold).utcoffset() for fold in (0, 1))
        if first is None or second is None:  # pragma: no cover - a ZoneInfo always has an offset
            raise ValueError(f"{self.name} has no offset at {moment}")
        return first // _MICRO, second // _MICRO


def instant_micros(value: str) -> int:
    """Microseconds since 1970 of an instant in UTC, as Debezium sends it or PostgreSQL prints it."""
    shown = render.timestamptz(value)
    if shown.endswith(" BC") or shown.index("-") != 4:  # noqa: PLR2004 - digits of a year in Python's range
        raise ValueError(f"{value!r} is outside the years time zones are defined for")
    return (dt.datetime.fromisoformat(shown.removesuffix("+00")) - _EPOCH) // _MICRO


_CLOCK = tuple(f"{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440))
_SECOND = tuple(f"{second:02d}" for second in range(60))
Text = Callable[[int], str]


def timestamp_text(zone: str = "") -> Text:
    """`render.timestamp` with the text of each day looked up once."""
    days: dict[int, str] = {}

    def learn(day: int) -> str:
        date = f"{render.day(day)} "
        if len(days) < _CACHED_DAYS:
            days[day] = date
        return date

    def text(value: int) -> str:
        day, micros = divmod(value, render.DAY_US)
        date = days.get(day)
        if date is None:
            if not -719_162 <= day <= 2_932_896:  # noqa: PLR2004 - other years than 1 to 9999 may print an era
                return render.timestamp(value, zone)
            date = learn(day)
        seconds, fraction = divmod(micros, 1_000_000)
        if fraction:
            return f"{date}{_CLOCK[seconds // 60]}{_SECOND[seconds % 60]}.{fraction:06d}".rstrip("0") + zone
        return f"{date}{_CLOCK[seconds // 60]}{_SECOND[seconds % 60]}{zone}"

    return text


def utc_text(zone: Zone) -> Text:
    """`render.timestamp(zone.to_utc(x), "+00")` with the offset of each local day looked up once."""
    offsets: dict[int, int | None] = {}
    text = timestamp_text("+00")

    def learn(day: int) -> int | None:
        """The offset that holds through the whole local day, None if it changes; two changes never share an hour."""
        start = day * render.DAY_US
        if not _MIN <= start <= _MAX - render.DAY_US:
            return None
        seen = {offset for hour in range(25) for offset in zone.offsets(start + hour * _HOUR_US)}
        offset = seen.pop() if len(seen) == 1 else None
        if len(offsets) < _CACHED_DAYS:
            offsets[day] = offset
        return offset

    def instant(local: int) -> str:
        day = local // render.DAY_US
        offset = offsets[day] if day in offsets else learn(day)
        return text(zone.to_utc(local) if offset is None else local - offset)

    return instant


def day_text() -> Text:
    """`render.day` with the text of each day looked up once."""
    days: dict[int, str] = {}

    def text(value: int) -> str:
        date = days.get(value)
        if date is None:
            date = render.day(value)
            if len(days) < _CACHED_DAYS:
                days[value] = date
        return date

    return text
