"""What is mutated: a table with a column of every type, and random valid mappings of it that use every word."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from overgrow import errors
from overgrow.envelope import SqlType
from overgrow.envelope.types import WIRES
from overgrow.mapping import Problem, TablePlan, catalogue, compiler, ddl, document
from overgrow.mapping.interpret import field_text
from overgrow.mapping.plan import Field
from overgrow.mapping.problems import Problems
from overgrow.mapping.words import WORDS
from overgrow.mapping.words.word import Outside
from tests.fuzz.dictionary import CHAINS, EXAMPLES
from tests.property.rows import KINDS
from tests.property.test_codec import TRANSLATORS
from tests.unit.mapping import sample

# The recorded table's columns, and one of each type that it has not; every one but the key can be NULL.
COLUMNS = {
    "kd_nr": "integer",
    "name": "varchar(80)",
    "status": "char(1)",
    "saldo": "numeric(12,2)",
    "angelegt": "timestamp",
    "geaendert": "timestamptz",
    "attrs": "jsonb",
    "notiz": "text",
    "aktiv": "boolean",
    "geburt": "date",
    "zeit": "time",
    "foto": "bytea",
    "ext_id": "uuid",
    "klein": "smallint",
    "gross": "bigint",
    "doku": "json",
    "kurz": "real",
    "lang": "double precision",
}
REQUIRED = frozenset({"kd_nr", "name", "status", "aktiv"})
CATALOGUE = "table: public.kunde\nkey: [kd_nr]\nreplica_identity: full\ncolumns:\n" + "".join(
    f'  {name}: {{type: "{kind}", nullable: {str(name not in REQUIRED).lower()}}}\n'
    for name, kind in [*COLUMNS.items(), ("dauer", "interval")]  # a type that cannot be mapped, always dropped
)
SOURCE = catalogue.read(CATALOGUE, Problems("catalogue.yaml"), table="public.kunde")
CODES = "code,meaning,iso3,iso2\nA,active,AUT,AT\nG,blocked,DEU,DE\nT,deleted,CHE,CH\n"
TARGETS = ["text", "bigint", "boolean", "numeric", "timestamptz", "timestamp", "date", "jsonb", "uuid"]
TARGETS += [name for name in WIRES if name not in TARGETS]
WHERE = [
    *("{status: {not: X}}", "{status: A}", "{kd_nr: {in: [1, 2, 4, 20001]}}", "[{aktiv: true}, {name: {not_in: [x]}}]"),
    *("{saldo: {at_least: 1}, notiz: {null: false}}", "{geburt: {less_than: 2000-01-01}}", "{kd_nr: {less_than: 100}}"),
]


_UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
_TEXTS = [
    "A",
    "G",
    "Anna Berg",
    "1",
    "12.5",
    "true",
    "PR",
    "AUT",
    "a@b",
    "20240229",
    "2024-02-29",
    "2024-02-29 10:00:00",
]
_TEXTS += [_UUID, '{"mail": {"weekly": true}}']
# Values that some chain of steps on the type translates.
USUAL: dict[str, list[Any]] = {
    "text": _TEXTS,
    "char": ["A", "G", "1", "Y"],
    "int": [0, 1, 7, 20_240_229],
    "numeric": ["1", "12.30", "0.05"],
    "date": [0, 19_782],
    "timestamp": [0, 1_709_251_199_999_999, 1_709_251_200_000_000],
    "timestamptz": ["2024-02-29T10:00:00.5Z", "2024-07-01T10:00:00Z"],
    "time": [0, 86_399_999_999],
    "json": ['{"mail": {"weekly": true}}', "[1.50]"],
    "jsonb": ['{"mail": {"weekly": null}}', "[1.50]"],
    "uuid": [_UUID],
    "bytes": [b"", b"\0\xff"],
    "float": [0.0, 1.5],
    "bool": [True, False],
}


@dataclass(frozen=True, slots=True)
class Fit:
    """Steps that can be written, from so many columns of these types, into a column of the target type."""

    do: str
    types: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping's text and the DDL of its target."""

    text: str
    ddl: str


def build(text: str, target: str) -> tuple[TablePlan | None, list[Problem]]:
    """Compile a mapping of the table."""
    problems = Problems("mapping.yaml")
    found = document.read(text, problems)
    if found is None or SOURCE is None:
        return None, problems.found
    around = compiler.Surroundings(
        context="fuzz_acl",
        translators=TRANSLATORS,
        source=SOURCE,
        target=_table(target),
        text=text,
        outside=Outside(read=_read, secret=lambda _: b"0123456789abcdef"),
    )
    return compiler.compile_mapping(found, around, problems), problems.found


def _read(name: str) -> str:
    if not name.endswith(".csv"):
        raise FileNotFoundError(name)
    return CODES


@cache
def _table(text: str) -> ddl.TargetTable:
    problems = Problems("target.sql")
    (table,) = ddl.read(text, problems)
    assert not problems.found, problems.found
    return table


def fitting() -> list[Fit]:
    """Every chain of steps with every type it can read, found by compiling them."""
    return _fitting()


@cache
def _fitting() -> list[Fit]:
    found = [
        fit
        for chain in CHAINS
        for kind in sorted(set(COLUMNS.values()))
        if _may_read(chain, kind) and (fit := _fit(chain, (kind,)))
    ]
    for chain in [*EXAMPLES, "pair"]:
        for types in (("varchar(80)", "text"), ("varchar(80)", "char(1)", "text"), ("integer", "bigint")):
            found += [fit] if (fit := _fit(chain, types)) else []
    return found


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
        made, problems = build(*_small(f"f: {{from: [{', '.join(columns)}], do: {chain}}}", columns, target))
        if made is not None:
            return Fit(chain, types, target)
        if not all(one.code == "type-mismatch" and one.message.startswith("field f:") for one in problems):
            return None
    return None


def _columns(types: tuple[str, ...]) -> Iterator[str]:
    left = dict(COLUMNS)
    for kind in types:
        loose = [name for name, one in left.items() if one == kind or (kind == "text" and one.startswith("varchar"))]
        if loose:
            yield loose[0]
            del left[loose[0]]


def _small(field: str, used: list[str], target: str) -> tuple[str, str]:
    drop = ["dauer", *(name for name in COLUMNS if name not in {"kd_nr", *used})]
    return _text([field], drop, ""), f"CREATE TABLE crm.t (id integer PRIMARY KEY, fixed text, f {target})"


def mapping(dice: random.Random) -> Document:
    """A random mapping that compiles: each column through some chain that can read it, or dropped."""
    by_types: dict[tuple[str, ...], list[Fit]] = {}
    for fit in fitting():
        by_types.setdefault(fit.types, []).append(fit)
    fields, target, dropped = [], [], ["dauer"]
    for name, kind in COLUMNS.items():
        fits = by_types.get((kind,), [])
        if name == "kd_nr":
            continue
        if not fits or dice.random() < 0.15:
            dropped.append(name)
            continue
        fit = dice.choice(fits)
        fields.append(f"f_{name}: {{from: {name}, do: {fit.do}}}")
        target.append(f"f_{name} {fit.target}")
    several = [fit for types, fits in by_types.items() if len(types) > 1 for fit in fits]
    for number, fit in enumerate(dice.sample(several, min(2, len(several)))):
        columns = list(_columns(fit.types))
        fields.append(f"s_{number}: {{from: [{', '.join(columns)}], do: {fit.do}}}")
        target.append(f"s_{number} {fit.target}")
        dropped = [name for name in dropped if name not in columns]
    where = dice.choice([*WHERE, *[""] * len(WHERE)])
    used = [name for name in COLUMNS if name in where]
    dropped = [name for name in dropped if name not in used]
    return Document(
        _text(fields, dropped, where), f"CREATE TABLE crm.t (id integer PRIMARY KEY, fixed text, {', '.join(target)})"
    )


def _text(fields: list[str], dropped: list[str], where: str) -> str:
    lines = [
        "mapping: t",
        "version: 1",
        "source: {table: public.kunde, key: [kd_nr]}",
        "target: {table: crm.t, key: [id]}",
    ]
    lines += [f"where: {where}"] if where else []
    lines += ["fields:", "  id: kd_nr", "  fixed: {const: 'a b'}", *(f"  {field}" for field in fields)]
    lines.append(f"drop: [{', '.join(dropped)}]")
    return "\n".join([*lines, "on: {drift: stop, truncate: stop, partial: set_aside}", ""])


def usual(plan: TablePlan) -> dict[str, list[Any]]:
    """By column, the usual values that every field made of it alone translates; all where there is none."""
    found: dict[str, list[Any]] = {}
    for name, kind in COLUMNS.items():
        parsed = SqlType.parse(kind)
        values = USUAL["" if parsed is None else parsed.wire.kind]
        alone = [field for field in plan.fields if field.inputs == (name,)]
        found[name] = [value for value in values if all(_translates(field, name, value) for field in alone)] or values
    return found


def _translates(field: Field, name: str, value: Any) -> bool:
    try:
        field_text(field, {name: value})
    except errors.TranslationError:
        return False
    return True


def corpus() -> list[str]:
    """Documents that are not of the table: pieces for mutations."""
    return [sample.MAPPING, sample.CATALOGUE, sample.PROJECT, *(word.example for word in WORDS.values())]
