"""Which values may be written to which column.

Guarantees: what passes is neither refused nor changed by PostgreSQL: no length, range or precision of the column is
smaller than what can come. Where only a row can tell, the mapping must say which step refuses it. Never converts.
Called by the compiler.
"""

from __future__ import annotations

from dataclasses import dataclass

from overgrow.envelope import SqlType
from overgrow.mapping import bounds, literals
from overgrow.mapping.bounds import Bound
from overgrow.mapping.plan import TargetColumn
from overgrow.mapping.words.casts import castable

_WRITES: dict[str, frozenset[str]] = {
    "text": frozenset({"text", "char"}),
    "char": frozenset({"text", "char"}),
    "int": frozenset({"int", "numeric"}),
    "json": frozenset({"json", "text"}),
    "jsonb": frozenset({"jsonb", "json", "text"}),
    "uuid": frozenset({"uuid", "text"}),
}
_TEXTS = frozenset({"text", "char"})
_FINE = frozenset({"numeric", "time", "timestamp", "timestamptz"})
# What would make one family of values another; `cast` is offered where it is in none of these.
_WAYS: dict[tuple[str, str], str] = {
    ("timestamp", "timestamptz"): "{instant: ZONE} with the zone of the old system's clock",
    ("timestamptz", "timestamp"): "{local: ZONE}",
    ("timestamptz", "date"): "[{local: ZONE}, {cast: date}]",
    ("json", "jsonb"): "json",
    ("text", "jsonb"): "json",
    ("text", "bool"): "{bool: {Y: true, N: false}}",
    ("char", "bool"): "{bool: {Y: true, N: false}}",
    ("text", "timestamptz"): "[{cast: timestamp}, {instant: ZONE}]",
    ("numeric", "bool"): "[{cast: integer}, {cast: boolean}]",
    ("float", "text"): "[{cast: numeric}, {cast: text}]",
    ("float", "int"): "[{cast: numeric}, {minor_units: 2}] (or 0) for an exact number",
    ("float", "numeric"): "{cast: numeric}, which takes the shortest decimal of the float,",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Why a value cannot be written, with its stable code."""

    code: str
    why: str


def written(found: SqlType, bound: Bound, target: TargetColumn) -> Misfit | None:
    """Why values of this type within this bound cannot be written to the column; None when they can."""
    kind = found.wire.kind
    if target.type is None:
        why = f"{found} into {target.type_text}, which only text can be written to"
        return None if kind in _TEXTS else Misfit(code="type-mismatch", why=why)
    goes = target.type.wire.kind
    if goes not in _WRITES.get(kind, {kind}):
        way = _way(found, target.type)
        return Misfit(code="type-mismatch", why=f"{found} into {target.type_text}{f'; say do: {way}' if way else ''}")
    if rounded := _rounds(found, bound, target.type):
        return Misfit(code="type-mismatch", why=rounded)
    beyond = _beyond(found, bound, target.type)
    return Misfit(code="may-not-fit", why=beyond) if beyond else None


def constant(text: str, target: TargetColumn) -> str:
    """Why this text is no value of the column; empty when it is or when only PostgreSQL can tell."""
    if target.type is None or target.type.wire.kind in {"json", "jsonb", "bytes", "float", "time"}:
        return ""
    if target.type.name == "varchar" and target.type.size and len(text) > target.type.size:
        return f"{text!r} is longer than {target.type}"
    try:
        value = literals.parse(text, target.type)
    except ValueError as error:
        return str(error)
    bound = bounds.of_value(value, target.type)
    if target.type.wire.kind in {"int", "numeric", "timestamp"} and (
        _finer(target.type, bound, target.type) or _larger(bound, target.type)
    ):
        return f"{text} does not fit {target.type} as it is"
    return ""


def _way(found: SqlType, target: SqlType) -> str:
    """The step that would make it fit; empty where there is none."""
    known = _WAYS.get((found.wire.kind, target.wire.kind))
    return known or (f"{{cast: {_quoted(target)}}}" if castable(found, target) else "")


def _quoted(target: SqlType) -> str:
    """A type as it is written in YAML between braces."""
    return f"'{target}'" if target.scale is not None else str(target)


def _rounds(found: SqlType, bound: Bound, target: SqlType) -> str:
    """What PostgreSQL would round without a word."""
    if found.wire.kind == "float" and (found.name, target.name) == ("double precision", "real"):
        return f"{found} into {target}, which rounds; give the column the type double precision"
    if not _finer(found, bound, target):
        return ""
    if target.wire.kind == "numeric":
        return f"{found} into {target}, which rounds; say do: {{decimal: {{scale: {target.scale or 0}}}}}"
    return f"{found} into {target}, which rounds; give the column the type {target.name}"


def _finer(found: SqlType, bound: Bound, target: SqlType) -> bool:
    """Whether a value can have more decimals than the column keeps."""
    if found.wire.kind == "int" or target.size is None or target.wire.kind not in _FINE:
        return False
    kept = target.scale or 0 if target.wire.kind == "numeric" else target.size
    return bound.decimals is None or bound.decimals > kept


def _beyond(found: SqlType, bound: Bound, target: SqlType) -> str:
    """What PostgreSQL would refuse, row by row."""
    if not _larger(bound if target.wire.kind not in _TEXTS else _as_text(found, bound), target):
        return ""
    if target.wire.kind in _TEXTS:
        longest = bounds.printed(bound, found)
        what = "text of any length" if longest is None else f"up to {longest} characters"
        fix = f"end with {{max_length: {target.size}}}"
        if found.wire.kind not in _TEXTS:
            fix = "give the column the type text"
        return f"{what} into {target}: {fix}, or widen the column"
    many = "whole numbers" if found.wire.kind == "int" else "numbers"
    if bound.low is not None and bound.high is not None:
        what = f"{many} from {bound.low} to {bound.high}"
    else:
        what = f"{many} of {'any number of' if bound.whole is None else f'up to {bound.whole}'} digits before the point"
    return f"{what} into {target}: end with {{cast: {_quoted(target)}}}, or widen the column"


def _as_text(found: SqlType, bound: Bound) -> Bound:
    return Bound(characters=bounds.printed(bound, found))


def _larger(bound: Bound, target: SqlType) -> bool:
    """Whether a value can be longer or larger than the column holds."""
    held = bounds.of_type(target)
    match target.wire.kind:
        case "text" | "char":
            return held.characters is not None and (bound.characters is None or bound.characters > held.characters)
        case "int":
            return _outside(bound.low, bound.high, held.low or 0, held.high or 0)
        case "numeric" if held.whole is not None:
            if bound.low is None and bound.high is None:
                return bound.whole is None or bound.whole > held.whole
            return _outside(bound.low, bound.high, 1 - 10**held.whole, 10**held.whole - 1)
        case _:
            return False


def _outside(low: int | None, high: int | None, least: int, most: int) -> bool:
    return low is None or high is None or low < least or high > most
