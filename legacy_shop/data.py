"""The shop's rows, made from a seed: the same seed gives the same data on every machine and Python version.

Only `Random.random()` is used, the one method whose sequence Python promises to keep. Values are text as COPY and
parameters take it. It reads no clock and no database. Called by `seed` and `traffic`.
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from legacy_shop.texts import UNICODE, Texts

T = TypeVar("T")

STATUSES = ("A", "A", "A", "A", "A", "I", "P", "C", "S")
CLOSED = "X"
UNKNOWN = "Q"
# Local times beside the hours that a change of the clock repeats or leaves out; each exists exactly once in London.
EDGE_TIMES = (
    "2024-03-31 00:59:59.999999",
    "2024-03-31 02:00:00",
    "2024-10-27 00:59:59.999999",
    "2024-10-27 02:00:00",
    "2001-01-01 00:00:00",
    "2024-02-29 23:59:59.5",
)
_FIRST_LAST_SUNDAY = 25
_LARGE_BYTES = 6300  # base64 makes 8,400 characters of it: more than 8 kB, and pglz finds nothing to compress


class Customer(NamedTuple):
    """One row of cust_master, in column order."""

    cust_id: int
    cust_nm: str
    stat_cd: str
    typ_cd: str | None
    bal_amt: str
    crt_dt: str
    upd_ts: str
    vip_yn: str
    addr_1: str | None
    addr_2: str | None
    city: str | None
    zip: str | None
    prefs: str | None
    notes: str | None
    birth_dt: str | None
    ext_ref: str | None
    legacy_flag: int


class OrderLine(NamedTuple):
    """One row of ord_line, in column order."""

    ord_no: str
    line_no: int
    cust_id: int
    sku: str
    qty: int
    unit_prc: str
    disc_pct: str | None
    line_st: str
    gift_yn: str
    due_dt: str | None
    chg_ts: str
    rmk: str | None


class RowMaker:
    """Makes values and rows; every call moves its own random sequence on."""

    def __init__(self, seed: int, texts: Texts = UNICODE) -> None:
        self._seed = seed
        self.texts = texts
        self._random = random.Random(seed).random  # noqa: S311 - test data, no secret
        self._large = 0

    def below(self, limit: int) -> int:
        """A number in 0 .. limit - 1."""
        return int(self._random() * limit)

    def chance(self, share: float) -> bool:
        """True in that share of calls."""
        return self._random() < share

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, evenly."""
        return choices[int(self._random() * len(choices))]

    def customer(self, cust_id: int, *, status: str | None = None) -> Customer:
        """A new customer; about one in twenty is closed unless a status is given."""
        if status is None:
            status = CLOSED if self.chance(0.05) else self.pick(STATUSES)
        no_address = self.chance(0.03)
        return Customer(
            cust_id=cust_id,
            cust_nm=self.name(),
            stat_cd=status,
            typ_cd=self.pick(("PR", "PR", "PR", "FA", "BE", None)),
            bal_amt=self.balance(),
            crt_dt=self.local_time(),
            upd_ts=self.instant(),
            vip_yn="Y" if self.chance(0.1) else "N",
            addr_1=None if no_address else f"{1 + self.below(300)} {self.pick(self.texts.streets)}",
            addr_2=None if no_address or self.chance(0.7) else self.short_text(),
            city=None if no_address else self.pick(self.texts.cities),
            zip=None if no_address else f"{self.pick('ABELS')}{1 + self.below(20)} {self.below(10)}XQ",
            prefs=self.preferences(),
            notes=self.note(),
            birth_dt=None if self.chance(0.2) else f"{1930 + self.below(80)}-{1 + self.below(12):02}-{self._day():02}",
            ext_ref=None if self.chance(0.5) else self.uuid(),
            legacy_flag=self.below(4),
        )

    def order_line(self, ord_no: str, line_no: int, cust_id: int) -> OrderLine:
        """A new line of an order."""
        return OrderLine(
            ord_no=ord_no,
            line_no=line_no,
            cust_id=cust_id,
            sku=f"{self.pick(('sku', 'Art', 'PROMO'))}-{self.below(50_000):05}",
            qty=1 + self.below(20),
            unit_prc=f"{self.below(100_000)}.{self.below(10_000):04}",
            disc_pct=None if self.chance(0.6) else f"{self.below(100)}.{self.below(100):02}",
            line_st=self.line_state(),
            gift_yn="Y" if self.chance(0.15) else "N",
            due_dt=None if self.chance(0.1) else f"{2020 + self.below(8)}-{1 + self.below(12):02}-{self._day():02}",
            chg_ts=self.local_time(),
            rmk=None if self.chance(0.5) else self.short_text(),
        )

    def name(self) -> str:
        """A customer's name, sometimes padded, seldom hostile."""
        if self.chance(0.02):
            return self.short_text()
        name = f"{self.pick(self.texts.first)} {self.pick(self.texts.last)}"
        return f" {name}  " if self.chance(0.05) else name

    def short_text(self) -> str:
        """A text of a few words; one in three is hostile."""
        if self.chance(0.33):
            return self.pick(self.texts.hostile)
        return f"{self.pick(self.texts.words)} {self.pick(self.texts.words)} {self.pick(self.texts.words)}"

    def note(self) -> str | None:
        """Nothing, a short text, or (one in sixteen) more than 8 kB that do not compress."""
        if self.chance(0.45):
            return None
        return self.large_note() if self.chance(0.11) else self.short_text()

    def large_note(self) -> str:
        """More than 8 kB of text that PostgreSQL has to store out of line."""
        self._large += 1
        digest = hashlib.shake_256(f"{self._seed}/{self._large}".encode()).digest(_LARGE_BYTES)
        return base64.b64encode(digest).decode()

    def balance(self) -> str:
        """An amount with two decimals, inside the target's bound."""
        sign = "-" if self.chance(0.2) else ""
        return f"{sign}{self.below(40_000)}.{self.below(100):02}"

    def preferences(self) -> str | None:
        """A JSON object, or nothing."""
        if self.chance(0.3):
            return None
        language = self.pick(("en", "de", "fr", "pl"))
        note = self.pick(self.texts.json_values)
        mail = self.pick(("true", "false"))
        return f'{{"lang": "{language}", "mail": {mail}, "score": {self.below(1000)}.50, "x": {note}}}'

    def line_state(self) -> str:
        """The state of an order line."""
        return self.pick(("O", "O", "P", "S", "S", "R"))

    def local_time(self) -> str:
        """A London wall-clock time that exists exactly once."""
        if self.chance(0.01):
            return self.pick(EDGE_TIMES)
        month, day, hour = 1 + self.below(12), self._day(), self.below(24)
        # The clock changes between one and two on the last Sunday (the 25th or later) of March and October.
        hour += hour == 1 and month in (3, 10) and day >= _FIRST_LAST_SUNDAY
        return f"{2001 + self.below(25)}-{month:02}-{day:02} {hour:02}:{self._minute_second_fraction()}"

    def instant(self) -> str:
        """A point in time with an offset."""
        offset = self.pick(("+00", "+01", "-05:30"))
        date = f"{2020 + self.below(6)}-{1 + self.below(12):02}-{self._day():02}"
        return f"{date} {self.below(24):02}:{self._minute_second_fraction()}{offset}"

    def uuid(self) -> str:
        """A UUID (random bits, no version)."""
        parts = [self.below(1 << 16) for _ in range(8)]
        digits = "".join(f"{part:04x}" for part in parts)
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _day(self) -> int:
        return 1 + self.below(28)

    def _minute_second_fraction(self) -> str:
        return f"{self.below(60):02}:{self.below(60):02}.{self.below(1_000_000):06}"
