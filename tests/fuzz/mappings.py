"""Random mappings of the fuzzed table that compile: every word, every type, keys and filters, several targets."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import yaml

from overgrow.envelope import SqlType
from overgrow.envelope.types import WIRES
from overgrow.mapping.words import WORDS
from tests.fuzz import ground
from tests.fuzz.dictionary import CHAINS, EXAMPLES
from tests.fuzz.ground import Document
from tests.property.rows import KINDS
from tests.unit.mapping import sample

TARGETS = ["text", "bigint", "boolean", "numeric", "timestamptz", "timestamp", "date", "jsonb", "uuid"]
TARGETS += [name for name in WIRES if name not in TARGETS]
WHERE = [
    *("{status: {not: X}}", "{status: A}", "{kd_nr: {in: [1, 2, 4, 20001]}}", "[{aktiv: true}, {name: {not_in: [x]}}]"),
    *("{saldo: {at_least: 1}, notiz: {null: false}}", "{geburt: {less_than: 2000-01-01}}", "{kd_nr: {less_than: 100}}"),
]
# What the target key can be made of, and its type; some make no key of some source keys, or the same of two.
KEYS = [
    *[("kd_nr", "integer")] * 4,
    ("{from: kd_nr, do: {cast: text}}", "text"),
    ("{from: kd_nr, do: {minor_units: 2}}", "bigint"),
    ("{from: kd_nr, do: {parse_date: '%Y%m%d'}}", "date"),
    ("{from: kd_nr, do: {codes: {1: a, 2: b, 4: 'd\\te', 20240229: c}}}", "text"),
    ("{from: kd_nr, do: {codes: {table: {1: a, 2: b}, otherwise: x}}}", "text"),
    ("{from: kd_nr, do: {hmac: {key: '${env:PII_KEY}', id: k1}}}", "text"),
    ("{from: kd_nr, do: {uuid5: {namespace: 6f1c2a9e-5d1b-4c0e-9a57-0d6f6c1e2b11}}}", "uuid"),
]


@dataclass(frozen=True, slots=True)
class Fit:
    """Steps that can be written, from so many columns of these types, into a column of the target type."""

    do: str
    types: tuple[str, ...]
    target: str


@cache
def fitting() -> tuple[Fit, ...]:
    """Every chain of steps with every type it can read, found by compiling them."""
    found = [
        fit
        for chain in CHAINS
        for kind in sorted(set(ground.COLUMNS.values()))
        if _may_read(chain, kind) and (fit := _fit(chain, (kind,)))
    ]
    for chain in [*EXAMPLES, "pair"]:
        for types in (("varchar(80)", "text"), ("varchar(80)", "char(1)", "text"), ("integer", "bigint")):
            found += [fit] if (fit := _fit(chain, types)) else []
    return tuple(found)


def _may_read(chain: str, kind: str) -> bool:
    """Whether the first word takes the type; short of compiling it with every target."""
    if chain in EXAMPLES:
        first = yaml.safe_load(chain)
        while isinstance(first, list) and first:
            first = first[0]
        word = WORDS.get(next(iter(first)) if isinstance(first, dict) else str(first))
        parsed = SqlType.parse(kind)
        return word is not None and parsed is not None and parsed.wire.kind in word.takes
    return any(
        chain in chains and source.partition("(")[0] == kind.partition("(")[0] for source, (_, chains) in KINDS.items()
    )


def _fit(chain: str, types: tuple[str, ...]) -> Fit | None:
    columns = list(_columns(types))
    if len(columns) < len(types):
        return None
    for target in TARGETS:
        made, problems = ground.build(*_small(f"f: {{from: [{', '.join(columns)}], do: {chain}}}", columns, target))
        if made is not None:
            return Fit(chain, types, target)
        if not all(one.code == "type-mismatch" and one.message.startswith("field f:") for one in problems):
            return None
    return None


def _columns(types: tuple[str, ...]) -> Iterator[str]:
    left = dict(ground.COLUMNS)
    for kind in types:
        loose = [name for name, one in left.items() if one == kind or (kind == "text" and one.startswith("varchar"))]
        if loose:
            yield loose[0]
            del left[loose[0]]


def _small(field: str, used: list[str], target: str) -> tuple[str, str]:
    drop = ["dauer", *(name for name in ground.COLUMNS if name not in {"kd_nr", *used})]
    ddl = f"CREATE TABLE crm.t (id integer PRIMARY KEY, fixed text, f {target})"
    return _text(["id: kd_nr", field], drop=drop), ddl


@dataclass(slots=True)
class _Target:
    """One target being put together: its fields as text, the columns of its table, the source columns it takes."""

    fields: list[str]
    columns: list[str]
    used: set[str]


def mapping(dice: random.Random) -> Document:
    """A random mapping that compiles: each column through some chain that can read it, or dropped."""
    key, key_type = dice.choice(KEYS)
    fits: dict[tuple[str, ...], list[Fit]] = {}
    for fit in fitting():
        fits.setdefault(fit.types, []).append(fit)
    first = _target(dice, fits, 0.85)
    where = dice.choice([*WHERE, *[""] * len(WHERE)])
    first.used |= {name for name in ground.COLUMNS if name in where}
    ddl = [f"CREATE TABLE crm.t (id {key_type} PRIMARY KEY, fixed text, {', '.join(first.columns)});"]
    also = []
    for label in dice.choice([[], [], ["u"], ["u", "v"]]):
        one = _target(dice, fits, 0.2)
        first.used |= one.used
        ddl.append(f"CREATE TABLE crm.{label} ({', '.join([f'id {key_type} PRIMARY KEY', *one.columns])});")
        inside = dice.choice(["", "    where: {aktiv: true}", "    where: {kd_nr: {less_than: 3}}"])
        first.used |= {"aktiv"} if "aktiv" in inside else set()
        also += [f"  {label}:", f"    target: {{table: crm.{label}, key: [id]}}", *([inside] if inside else [])]
        also += ["    fields:", f"      id: {key}", *(f"      {field}" for field in one.fields)]
    drop = ["dauer", *(name for name in ground.COLUMNS if name not in first.used and name != "kd_nr")]
    text = _text(
        [f"id: {key}", *first.fields], where=where, also=also, drop=drop, truncate=dice.choice(["stop", "apply"])
    )
    return Document(text, "\n".join(ddl))


def _target(dice: random.Random, fits: dict[tuple[str, ...], list[Fit]], share: float) -> _Target:
    made = _Target([], [], set())
    for name, kind in ground.COLUMNS.items():
        if name != "kd_nr" and (kind,) in fits and dice.random() < share:
            _add(made, f"f_{name}", [name], dice.choice(fits[kind,]))
    several = [fit for types, found in fits.items() if len(types) > 1 for fit in found]
    for number, fit in enumerate(dice.sample(several, 2)):
        if dice.random() < share:
            _add(made, f"s_{number}", list(_columns(fit.types)), fit)
    return made


def _add(made: _Target, name: str, columns: Iterable[str], fit: Fit) -> None:
    made.used |= set(columns)
    inputs = ", ".join(columns)
    made.fields.append(f"{name}: {{from: {inputs if len(fit.types) == 1 else f'[{inputs}]'}, do: {fit.do}}}")
    made.columns.append(f"{name} {fit.target}")


def _text(
    fields: list[str], *, drop: list[str], where: str = "", also: Iterable[str] = (), truncate: str = "stop"
) -> str:
    lines = [
        "mapping: t",
        "version: 1",
        "source: {table: public.kunde, key: [kd_nr]}",
        "target: {table: crm.t, key: [id]}",
        *([f"where: {where}"] if where else []),
        "fields:",
        *(f"  {field}" for field in [*fields[:1], "fixed: {const: 'a b'}", *fields[1:]]),
        *(["also:", *also] if also else []),
        f"drop: [{', '.join(drop)}]",
        f"on: {{drift: stop, truncate: {truncate}, partial: set_aside, collision: set_aside}}",
        "",
    ]
    return "\n".join(lines)


def corpus() -> list[str]:
    """Documents that are not of the table: pieces for mutations."""
    return [sample.MAPPING, sample.CATALOGUE, sample.PROJECT, *(word.example for word in WORDS.values())]
