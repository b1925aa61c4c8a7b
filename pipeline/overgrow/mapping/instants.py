"""Naive local time to an instant, by the rules of one time zone.

Guarantees: an hour that exists twice or not at all is an error or the declared choice. Never depends on the machine's
own zone. `Zone.to_utc` is the readable rule; `UtcText` is its fast twin for generated code.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
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

    def offsets(self, local: int) -> tuple[int, int]:
        """The zone's offset from UTC at a wall clock time, read as the earlier and as the later of two."""
        if not _MIN <= local <= _MAX:
            raise ValueError(f"{local} microseconds since 1970 is outside the years time zones are defined for")
        moment = (_EPOCH + dt.timedelta(microseconds=local)).replace(tzinfo=zoneinfo.ZoneInfo(self.name))
        first, second = (moment.replace(fold=fold).utcoffset() for fold in (0, 1))
        if first is None or second is None:  # pragma: no cover - a ZoneInfo always has an offset
            raise ValueError(f"{self.name} has no offset at {moment}")
        return first // _MICRO, second // _MICRO


class UtcText:
    """`render.timestamp(zone.to_utc(x), "+00")` with what is constant within a local day looked up once."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._offset: dict[int, int | None] = {}
        self._text = TimestampText("+00")

    def __call__(self, local: int) -> str:
        """Translate one value; the rare days on which the offset changes take the readable rule."""
        day = local // render.DAY_US
        try:
            offset = self._offset[day]
        except KeyError:
            offset = self._learn(day)
        return self._text(self._zone.to_utc(local) if offset is None else local - offset)

    def _learn(self, day: int) -> int | None:
        """The offset that holds through the whole local day, None if it changes; two changes never share an hour."""
        start = day * render.DAY_US
        if not _MIN <= start <= _MAX - render.DAY_US:
            return None
        offsets = {o for hour in range(25) for o in self._zone.offsets(start + hour * _HOUR_US)}
        offset = offsets.pop() if len(offsets) == 1 else None
        if len(self._offset) < _CACHED_DAYS:
            self._offset[day] = offset
        return offset


_CLOCK = tuple(f"{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440))
_SECOND = tuple(f"{second:02d}" for second in range(60))


class TimestampText:
    """`render.timestamp` with the text of each day looked up once."""

    def __init__(self, zone: str = "") -> None:
        self._days: dict[int, str] = {}
        self._zone = zone

    def __call__(self, value: int) -> str:
        """Format one value; days that print with an era and values out of range take the readable rule."""
        day, micros = divmod(value, render.DAY_US)
        try:
            date = self._days[day]
        except KeyError:
            if not -719_162 <= day <= 2_932_896:  # noqa: PLR2004 - the years 1 to 9999
                return render.timestamp(value, self._zone)
            date = f"{render.day(day)} "
            if len(self._days) < _CACHED_DAYS:
                self._days[day] = date
        seconds, fraction = divmod(micros, 1_000_000)
        clock = f"{date}{_CLOCK[seconds // 60]}{_SECOND[seconds % 60]}"
        if fraction:
            return f"{clock}.{fraction:06d}".rstrip("0") + self._zone
        return clock + self._zone


class DayText:
    """`render.day` with the text of each day looked up once."""

    def __init__(self) -> None:
        self._days: dict[int, str] = {}

    def __call__(self, value: int) -> str:
        """Format one value."""
        try:
            return self._days[value]
        except KeyError:
            date = render.day(value)
            if len(self._days) < _CACHED_DAYS:
                self._days[value] = date
            return date
