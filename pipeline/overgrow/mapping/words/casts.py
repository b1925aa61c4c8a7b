"""`cast`: a value as another type, exactly or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from overgrow.envelope import SqlType
from overgrow.mapping import literals, parse, render
from overgrow.mapping.words.step import OneValue, Step
from overgrow.mapping.words.word import TEXT_ARGUMENT, Place, Word

_INT = re.compile(r"[+-]?[0-9]{1,30}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RANGES = {"smallint": 16, "integer": 32, "bigint": 64}
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(OneValue):
    """A value of one family as another; what does not fit exactly is an error."""

    word: ClassVar[str] = "cast"
    source: SqlType
    to: str
    yields: SqlType

    @property
    def one_way(self) -> str:
        """Why it cannot be cast back."""
        back = _CASTS[self._families][1]
        return back if isinstance(back, str) else ""

    @property
    def _families(self) -> tuple[str, str]:
        return family(self.source), family(self.yields)

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - one Python type per family
        """Convert, then hold the result to the declared type."""
        return _fit(_CASTS[self._families][0](value), self.yields)

    def invert(self, value: Any) -> Any:  # noqa: ANN401 - one Python type per family
        """Convert back."""
        back = _CASTS[self._families][1]
        if isinstance(back, str):
            raise ValueError(back)  # noqa: TRY004 - a way back that is closed, not a wrong type
        return _fit(back(value), self.source)


def family(sql_type: SqlType) -> str:
    """The family of values; text is one whether padded or not."""
    return "text" if sql_type.wire.kind == "char" else sql_type.wire.kind


def _fit(value: Any, to: SqlType) -> Any:  # noqa: ANN401 - one Python type per family
    """The value, if the type can hold it as it is."""
    bits = _RANGES.get(to.name)
    if bits and not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError(f"{value} does not fit {to}")
    if family(to) == "text" and to.size is not None and len(value) > to.size:
        raise ValueError(f"{len(value)} characters do not fit {to}")
    if to.wire.kind == "numeric" and to.size is not None:
        whole, _, decimals = value.lstrip("-").partition(".")
        scale = to.scale or 0
        if len(whole.lstrip("0")) > to.size - scale or len(decimals.rstrip("0")) > scale:
            raise ValueError(f"{value} does not fit {to}")
        if len(decimals) > scale:  # zeros that the type does not print
            return value.partition(".")[0] + (f".{decimals[:scale]}" if scale else "")
    return value


def _integer(value: str) -> int:
    if not _INT.fullmatch(value.strip(" ")):
        raise ValueError(f"{value[:40]!r} is no whole number")
    return int(value)


def _whole(value: str) -> int:
    whole, _, decimals = render.numeric(value).partition(".")
    if decimals.strip("0"):
        raise ValueError(f"{value} is no whole number")
    return int(whole)


def _exact(value: float | str) -> str:
    """The shortest decimal that reads as this float: what the old system printed."""
    shown = render.double(value)
    return render.numeric(shown)


def _uuid(value: str) -> str:
    if not _UUID.fullmatch(value.strip(" ")):
        raise ValueError(f"{value[:40]!r} is no UUID")
    return value.strip(" ").lower()


def _midnight(value: int) -> int:
    day, rest = divmod(value, render.DAY_US)
    if rest:
        raise ValueError(f"{render.timestamp(value)} is not midnight")
    return day


def _literal(name: str) -> Convert:
    return lambda value: literals.parse(value.strip(" "), SqlType(name=name))


def _bit(value: int) -> bool:
    if value not in {0, 1}:
        raise ValueError(f"{value} is neither 0 nor 1")
    return value == 1


def _same(value: Any) -> Any:  # noqa: ANN401 - passes any
    return value


def _parsed(kind: str) -> Convert:
    return lambda value: parse.value(value, kind)


_READ = "several texts are read as one value"
# (from, to) -> the conversion, and the one back or why there is none
_CASTS: Mapping[tuple[str, str], tuple[Convert, Convert | str]] = {
    ("text", "int"): (_integer, _READ),
    ("text", "numeric"): (lambda value: render.numeric(value.strip(" ")), _READ),
    ("text", "uuid"): (_uuid, _READ),
    ("text", "date"): (_literal("date"), _READ),
    ("text", "timestamp"): (_literal("timestamp"), _READ),
    ("text", "text"): (_same, _same),
    ("int", "text"): (str, int),
    ("int", "numeric"): (str, _whole),
    ("int", "int"): (_same, _same),
    ("int", "bool"): (_bit, int),
    ("numeric", "int"): (_whole, str),
    ("numeric", "text"): (render.numeric, render.numeric),
    ("numeric", "numeric"): (render.numeric, render.numeric),
    ("float", "numeric"): (_exact, float),
    ("bool", "int"): (int, _bit),
    ("bool", "text"): (lambda value: "true" if value else "false", _parsed("bool")),
    ("uuid", "text"): (_same, _same),
    ("date", "text"): (render.day, _parsed("date")),
    ("date", "timestamp"): (lambda value: value * render.DAY_US, _midnight),
    ("timestamp", "date"): (_midnight, lambda value: value * render.DAY_US),
    ("timestamp", "text"): (render.timestamp, _parsed("timestamp")),
    ("jsonb", "text"): (_same, _same),
    ("json", "text"): (_same, _same),
}


def castable(source: SqlType, to: SqlType) -> bool:
    """Whether there is a cast from one type to another."""
    return (family(source), family(to)) in _CASTS and to.name != "char"


def _cast(place: Place) -> Step | None:
    text = place.text(place.argument, what="the type, as in {cast: bigint}")
    if text is None:
        if place.argument is None:
            place.problem("bad-argument", "cast needs a type, as in {cast: bigint}")
        return None
    to = SqlType.parse(text)
    if to is None:
        place.problem("bad-argument", f"cast: {text[:60]!r} is no type this version carries")
        return None
    if not castable(place.arriving, to):
        to_what = sorted({kind for source, kind in _CASTS if source == family(place.arriving)})
        place.problem("type-mismatch", f"cast takes {place.arriving} to {', '.join(to_what) or 'nothing'}, not to {to}")
        return None
    return Cast(source=place.arriving, to=str(to), yields=to)


WORDS = (
    Word(
        name="cast", takes=frozenset({source for source, _ in _CASTS} | {"char"}), gives="the named type",
        does="The value as another type, exactly: text, whole numbers, decimals, floats (by their shortest decimal), "
        "booleans as 0 and 1, UUIDs, dates and midnights. What does not fit exactly is a dead letter.",
        back="yes, but for text that is read as something else",
        example="{from: old_no, do: {cast: bigint}}\n{from: price, do: [{cast: 'numeric(12,2)'}, {minor_units: 2}]}",
        build=_cast, schema=TEXT_ARGUMENT,
    ),
)  # fmt: skip
