"""How long or how large a field's value can become: from the declared types, step by step.

Guarantees: no value that passes the steps is beyond its bound; where nobody can know, there is none. Never looks at a
row. Called by the compiler; `fits` holds the result against the target column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overgrow.envelope import SqlType
from overgrow.mapping import render
from overgrow.mapping.words.casts import Cast, family
from overgrow.mapping.words.codes import Codes
from overgrow.mapping.words.formats import ParseDate
from overgrow.mapping.words.nulls import Default, NullIf, Required
from overgrow.mapping.words.numbers import PRECISION, Decimals, MajorUnits, MinorUnits
from overgrow.mapping.words.parts import Join, Part
from overgrow.mapping.words.personal import Hmac, Mask, Token
from overgrow.mapping.words.step import Step
from overgrow.mapping.words.text import MaxLength, Repair, Squeeze, Trim
from overgrow.mapping.words.times import Instant, Local, Pass, Sentinels

_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_FRACTION = re.compile(r"\.([0-9]+)")
_MICROS = 6  # decimals of a second that PostgreSQL keeps where nothing else is declared
_TIMES = frozenset({"time", "timestamp", "timestamptz"})
_BITS_OF_PRECISION = 4 * PRECISION  # beyond every number that is worth printing; str() refuses far longer ones
_HMAC, _TOKEN = 65, 25  # a colon and 64 hexadecimal digits; an underscore and 24 characters
# The longest text of a value: the year 5874897, the last date; the year 294276, the last timestamp.
_PRINTED = {"uuid": 36, "bool": 5, "date": 13, "timestamp": 29}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The most a value can be; None: without a bound, or not of that family.

    `characters` of text; `low` and `high` of whole numbers; `whole` digits before the point and `decimals` behind it
    of decimals; `decimals` of a second of times.
    """

    characters: int | None = None
    low: int | None = None
    high: int | None = None
    whole: int | None = None
    decimals: int | None = None


def of_type(found: SqlType) -> Bound:
    """What a declared type lets through."""
    kind = found.wire.kind
    if kind in {"text", "char"}:
        return Bound(characters=found.size)
    if kind == "int":
        most: int = 2 ** (_BITS[found.name] - 1)
        return Bound(low=-most, high=most - 1)
    if kind == "numeric" and found.size is not None and found.size <= PRECISION:
        scale = found.scale or 0
        return Bound(whole=max(found.size - scale, 0), decimals=scale)
    return Bound(decimals=_MICROS if found.size is None else found.size) if kind in _TIMES else Bound()


def of_value(value: Any, found: SqlType) -> Bound:  # noqa: ANN401 - one Python type per family
    """The bound of one wire value of a type."""
    kind = found.wire.kind
    if kind in {"text", "char"}:
        return Bound(characters=len(value.rstrip(" ") if kind == "char" else value))
    if kind == "int":
        return Bound(low=value, high=value)
    if kind == "numeric":
        whole, _, decimals = render.numeric(value).lstrip("-").partition(".")
        return Bound(whole=len(whole.lstrip("0")), decimals=len(decimals.rstrip("0")))
    return Bound(decimals=_second_decimals(value, kind)) if kind in _TIMES else Bound()


def of_steps(inputs: Sequence[SqlType], steps: Iterable[Step]) -> Bound:
    """What can come out of the steps when values of these types go in."""
    arriving = [of_type(one) for one in inputs]
    types: tuple[SqlType, ...] = tuple(inputs)
    for step in steps:
        arriving = [_after(step, types, arriving)]
        types = (step.yields,)
    return arriving[0]


def _after(step: Step, types: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    for kinds, rule in _RULES.items():
        if isinstance(step, kinds):
            return rule(step, types, arriving)
    return of_type(step.yields)


def _same(_: Step, types: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    del types
    return arriving[0]


def _max_length(step: MaxLength, _: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    known = arriving[0].characters
    return Bound(characters=step.length if known is None else min(step.length, known))


def _codes(step: Codes, *_: object) -> Bound:
    meanings = [meaning for _, meaning in step.pairs] + ([] if step.otherwise is None else [step.otherwise])
    return Bound(characters=max(map(len, meanings))) if step.word != "bool" else Bound()


def _default(step: Default, types: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    return either(arriving[0], of_value(step.value, types[0]))


def _sentinels(step: Sentinels, types: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    found = arriving[0]
    for _, meaning in step.meanings:
        if meaning is not None and meaning not in {"infinity", "-infinity"}:
            found = either(found, of_value(meaning, types[0]))
    return found


def _join(step: Join, _: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    known = [one.characters for one in arriving if one.characters is not None]
    whole = sum(known) + len(step.separator) * (len(arriving) - 1)
    return Bound(characters=whole if len(known) == len(arriving) else None)


def _part(step: Part, _: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    known = arriving[0].characters
    return Bound(characters=None if known is None else max(known - len(step.separator) * (step.of - 1), 0))


def _minor_units(step: MinorUnits, types: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    found, by = arriving[0], 10**step.digits
    if types[0].wire.kind == "int":
        made = Bound(low=_times(found.low, by), high=_times(found.high, by))
        digits = _digits(made)
        return made if digits is not None and digits <= PRECISION else Bound()
    if found.whole is None:
        return Bound()
    most = 10 ** (found.whole + step.digits) - 1  # every digit a nine
    return Bound(low=-most, high=most)


def _major_units(step: MajorUnits, _: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    digits = _digits(arriving[0])
    return Bound(whole=None if digits is None else max(digits - step.digits, 0), decimals=step.digits)


def _decimals(step: Decimals, _: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    found, scale = arriving[0], step.yields.scale or 0
    return Bound(whole=found.whole, decimals=scale if found.decimals is None else min(scale, found.decimals))


def _cast(step: Cast, _: tuple[SqlType, ...], arriving: list[Bound]) -> Bound:
    found, came, goes = arriving[0], family(step.source), family(step.yields)
    if goes == "text":
        longest = printed(found, step.source)
        bounds = [one for one in (longest, step.yields.size) if one is not None]
        return Bound(characters=min(bounds, default=None))
    if goes == "numeric" and step.yields.size is None:
        return Bound(whole=_digits(found), decimals=0) if came == "int" else found if came == "numeric" else Bound()
    if goes == "int" and came in {"int", "bool"}:
        held = of_type(step.yields)
        return narrower(held, found if came == "int" else Bound(low=0, high=1))
    if goes == "timestamp":
        return Bound(decimals=0 if came == "date" else _MICROS)
    return of_type(step.yields)


def printed(found: Bound, of: SqlType) -> int | None:
    """The characters of a value's text; None where nobody knows."""
    kind = of.wire.kind
    if kind in {"text", "char"}:
        return found.characters
    if kind == "int" and _digits(found) is not None:
        return max(len(str(found.low)), len(str(found.high)))
    if kind == "numeric" and found.whole is not None and found.decimals is not None:
        return 1 + max(found.whole, 1) + (1 + found.decimals if found.decimals else 0)
    return _PRINTED.get(kind)


def either(one: Bound, other: Bound) -> Bound:
    """What holds for both."""
    return Bound(
        characters=_wider(max, one.characters, other.characters),
        low=_wider(min, one.low, other.low),
        high=_wider(max, one.high, other.high),
        whole=_wider(max, one.whole, other.whole),
        decimals=_wider(max, one.decimals, other.decimals),
    )


def narrower(one: Bound, other: Bound) -> Bound:
    """Of whole numbers: what is inside both."""
    lows = [bound for bound in (one.low, other.low) if bound is not None]
    highs = [bound for bound in (one.high, other.high) if bound is not None]
    return Bound(low=max(lows, default=None), high=min(highs, default=None))


def _wider(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else choose(one, other)


def _times(number: int | None, by: int) -> int | None:
    return None if number is None else number * by


def _digits(found: Bound) -> int | None:
    if found.low is None or found.high is None:
        return None
    most = max(abs(found.low), abs(found.high))
    return len(str(most)) if most.bit_length() < _BITS_OF_PRECISION else None


def _second_decimals(value: Any, kind: str) -> int:  # noqa: ANN401 - text of an instant, else microseconds
    if kind == "timestamptz":
        found = _FRACTION.search(str(value))
        return len(found[1].rstrip("0")) if found else 0
    return len(f"{value % 10**_MICROS:06d}".rstrip("0"))


Rule = Callable[[Any, tuple[SqlType, ...], list[Bound]], Bound]
_RULES: Mapping[tuple[type[Any], ...], Rule] = {
    (Trim, Squeeze, Repair, Mask, Required, NullIf, Pass, Instant, Local): _same,
    (MaxLength,): _max_length,
    (Codes,): _codes,
    (Default,): _default,
    (Sentinels,): _sentinels,
    (Join,): _join,
    (Part,): _part,
    (MinorUnits,): _minor_units,
    (MajorUnits,): _major_units,
    (Decimals,): _decimals,
    (Cast,): _cast,
    (Hmac,): lambda step, *_: Bound(characters=len(step.key.id) + _HMAC),
    (Token,): lambda step, *_: Bound(characters=len(step.prefix) + len(step.key.id) + _TOKEN),
    (ParseDate,): lambda step, *_: Bound(decimals=0) if step.yields.name == "timestamp" else Bound(),
}
