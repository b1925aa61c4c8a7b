"""Words on exact numbers: amounts in units and in their smallest units, decimals."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from overgrow.envelope import SqlType
from overgrow.mapping import reading, render
from overgrow.mapping.words.step import BIGINT, OneValue, SameValue, Step
from overgrow.mapping.words.word import Place, Word, options_schema, whole

_DIGITS = 18  # decimals of an amount
PRECISION = 1000  # the largest one that PostgreSQL lets one declare


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorUnits(OneValue):
    """An exact decimal amount to a whole number of its smallest unit."""

    word: ClassVar[str] = "minor_units"
    digits: int
    whole: bool = False  # the amounts are integers
    yields: SqlType = BIGINT
    one_way: str = ""

    def apply(self, value: str | int) -> int:
        """Shift the decimal point; a finer amount is an error, never rounded."""
        amount = Fraction(render.numeric(str(value))) * 10**self.digits
        if amount.denominator != 1:
            raise ValueError(f"{value} has more than {self.digits} decimals")
        return int(amount)

    def invert(self, value: int) -> str | int:
        """Shift it back."""
        shown: str = shifted(value, self.digits)
        if not self.whole:
            return shown
        amount, rest = divmod(value, int(10**self.digits))
        if rest:
            raise ValueError(f"{shown} is no whole amount")
        return amount


@dataclass(frozen=True, slots=True, kw_only=True)
class MajorUnits(OneValue):
    """A whole number of smallest units to an exact decimal amount."""

    word: ClassVar[str] = "major_units"
    digits: int
    yields: SqlType
    one_way: str = ""

    def apply(self, value: int) -> str:
        """Set the decimal point."""
        return shifted(value, self.digits)

    def invert(self, value: str) -> int:
        """Take it away."""
        return MinorUnits(digits=self.digits).apply(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decimals(SameValue):
    """A decimal with at most `scale` decimals, as text."""

    word: ClassVar[str] = "decimal"
    yields: SqlType
    one_way: str = ""

    def apply(self, value: str) -> str:
        """Pass the number or fail if it is finer."""
        whole_part, point, decimals = render.numeric(value).partition(".")
        scale = self.yields.scale or 0
        if decimals[scale:].strip("0"):
            raise ValueError(f"{value} has more than {scale} decimals")
        return whole_part + point + decimals[:scale] if scale else whole_part


def shifted(value: int, digits: int) -> str:
    """The decimal text of value / 10**digits."""
    sign, figures = "-" if value < 0 else "", str(abs(value)).rjust(digits + 1, "0")
    return f"{sign}{figures[:-digits]}.{figures[-digits:]}" if digits else f"{sign}{figures}"


def _minor_units(place: Place) -> Step | None:
    digits = place.number(place.argument, low=0, high=_DIGITS)
    return None if digits is None else MinorUnits(digits=digits, whole=place.arriving.wire.kind == "int")


def _major_units(place: Place) -> Step | None:
    digits = place.number(place.argument, low=0, high=_DIGITS)
    if digits is None:
        return None
    return MajorUnits(digits=digits, yields=SqlType(name="numeric", size=PRECISION, scale=digits))


def _decimal(place: Place) -> Step | None:
    found = place.options(("scale",), needs=("scale",))
    if found is None:
        return None
    scale = reading.whole_number(found["scale"], place.problems, what="scale", high=PRECISION)
    if scale is None:
        return None
    return Decimals(yields=SqlType(name="numeric", size=place.arriving.size or PRECISION, scale=scale))


WORDS = (
    Word(
        name="minor_units", takes=frozenset({"numeric", "int"}), gives="bigint",
        does="An exact decimal amount as a whole number of its smallest unit (`12.34` with 2 becomes `1234`). A finer "
        "amount is refused, never rounded.",
        back="yes", example="{from: bal_amt, do: {minor_units: 2}}", build=_minor_units, schema=whole(0, _DIGITS),
    ),
    Word(
        name="major_units", takes=frozenset({"int"}), gives="numeric(…,n)",
        does="A whole number of smallest units as an exact decimal amount (`1234` with 2 becomes `12.34`).",
        back="yes", example="{from: cents, do: {major_units: 2}}", build=_major_units, schema=whole(0, _DIGITS),
    ),
    Word(
        name="decimal", takes=frozenset({"numeric"}), gives="numeric(…,scale)",
        does="Refuses numbers with more decimals than the scale; nothing is ever rounded.",
        back="yes: the number is not changed", example="{from: weight, do: {decimal: {scale: 3}}}", build=_decimal,
        schema=options_schema({"scale": whole(0, PRECISION)}),
    ),
)  # fmt: skip
