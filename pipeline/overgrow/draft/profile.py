"""What the sampled values of one column have in common, counted value by value.

Guarantees: memory is bounded: at most a few distinct values are kept, and of text that has more none is. Pure. Filled
by `sampling`, judged by `suspicions`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from overgrow.draft import personal

MOST_CODES = 20
LONGEST_CODE = 20
SENTINELS = (
    "infinity",
    "-infinity",
    "9999-12-31",
    "2999-12-31",
    "1970-01-01",
    "1900-01-01",
    "1899-12-30",
    "1753-01-01",
    "0001-01-01",
)
_MONEY = re.compile(r"-?[0-9]+(\.[0-9]{1,2})?")
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
# The calendar Debezium's driver reads dates with knows neither years before Christ nor the days Gregory left out.
_SKIPPED = ("1582-10-05", "1582-10-14")
_DAY = 10  # characters of an ISO date
_LATIN1_CONTROLS = range(0x80, 0xA0)


@dataclass(slots=True, kw_only=True)
class Profile:
    """Counts over the sample; `codes` is None once there were too many different values to be codes."""

    kind: str  # the family of the column's type
    rows: int = 0
    nulls: int = 0
    empty: int = 0
    codes: Counter[str] | None = field(default_factory=Counter)
    sentinels: Counter[str] = field(default_factory=Counter)
    not_finite: int = 0
    ancient: int = 0  # dates that a snapshot of Debezium's gives as another day
    cents: int = 0  # floats of at most two decimals
    fractions: int = 0  # of them those that have any
    personal: int = 0
    repairable: Counter[str] = field(default_factory=Counter)  # `latin1`, `cp1252`: texts read as these by mistake

    @property
    def values(self) -> int:
        """Values that are there."""
        return self.rows - self.nulls

    def add(self, value: str | None) -> None:
        """Count one value, as PostgreSQL prints it."""
        self.rows += 1
        if value is None:
            self.nulls += 1
            return
        match self.kind:
            case "text" | "char":
                self._text(value)
                self._code(value)
            case "int":
                self._code(value)
            case "float" | "numeric":
                self._number(value)
            case "date" | "timestamp" | "timestamptz":
                self._moment(value)

    def _text(self, value: str) -> None:
        self.empty += not value
        self.personal += personal.looks_personal(value)
        read_as = misread(value)
        if read_as:
            self.repairable[read_as] += 1

    def _code(self, value: str) -> None:
        if self.codes is None:
            return
        if len(value) > LONGEST_CODE:
            self.codes = None
            return
        self.codes[value] += 1
        if len(self.codes) > MOST_CODES:
            self.codes = None

    def _number(self, value: str) -> None:
        if value in _NOT_FINITE:
            self.not_finite += 1
        elif self.kind == "float" and _MONEY.fullmatch(value):
            self.cents += 1
            self.fractions += "." in value

    def _moment(self, value: str) -> None:
        day, rest = value[:_DAY], value[_DAY:]
        self.ancient += self.kind == "date" and (rest == " BC" or _SKIPPED[0] <= value <= _SKIPPED[1])
        if value.endswith("infinity"):
            self.sentinels[value] += 1
        elif day in SENTINELS and (day != "1970-01-01" or not rest.strip(" 0:+")):
            self.sentinels[day] += 1


def misread(value: str) -> str:
    """The encoding as which UTF-8 was read before it was stored (`Ã©` for `é`), nothing if it was not."""
    if value.isascii():
        return ""
    for encoding in ("latin1", "cp1252"):
        try:
            repaired = value.encode(encoding).decode()
        except UnicodeError:
            continue
        if len(repaired) < len(value):
            # A C1 control character is in no text; without one cp1252, the likelier reading, says the same.
            return encoding if any(ord(one) in _LATIN1_CONTROLS for one in value) else "cp1252"
    return ""
