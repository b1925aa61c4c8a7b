"""The fuzzed table: a column of every type, values that some steps translate, and how a mapping is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from overgrow import errors
from overgrow.envelope import SqlType
from overgrow.mapping import Problem, TablePlan, catalogue, compiler, ddl, document
from overgrow.mapping.interpret import field_text
from overgrow.mapping.plan import Field
from overgrow.mapping.problems import Problems
from overgrow.mapping.words.word import Outside
from tests.property.test_codec import TRANSLATORS

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
    tables = _tables(target)
    first = _target(found.target, tables, problems)
    also = {one.label.text: _target(one.target, tables, problems) for one in found.also}
    known = {label: table for label, table in also.items() if table is not None}
    if first is None or len(known) < len(found.also):
        return None, problems.found
    around = compiler.Surroundings(
        context="fuzz_acl",
        translators=TRANSLATORS,
        source=SOURCE,
        target=first,
        also=known,
        text=text,
        outside=Outside(read=_read, secret=lambda _: b"0123456789abcdef"),
    )
    return compiler.compile_mapping(found, around, problems), problems.found


def _target(side: document.Side, tables: Mapping[str, ddl.TargetTable], problems: Problems) -> ddl.TargetTable | None:
    if side.table is not None and side.table.text not in tables:
        problems.add(side.table.line, "unknown-table", f"no table {side.table.text}")
    return None if side.table is None else tables.get(side.table.text)


def _read(name: str) -> str:
    if not name.endswith(".csv"):
        raise FileNotFoundError(name)
    return CODES


@lru_cache(maxsize=8)
def _tables(text: str) -> dict[str, ddl.TargetTable]:
    problems = Problems("target.sql")
    found = {table.table: table for table in ddl.read(text, problems)}
    assert not problems.found, problems.found
    return found


_KIND = {column.name: column.type.wire.kind for column in SOURCE.columns.values() if column.type} if SOURCE else {}


def narrowed(name: str, value: Any) -> Any:
    """A whole number that fits the column, other values as they are."""
    bits = {"smallint": 15, "integer": 31}.get(COLUMNS[name], 63)
    return max(min(value, 2**bits - 1), -(2**bits)) if type(value) is int and _KIND[name] == "int" else value


def usual(plan: TablePlan) -> dict[str, list[Any]]:
    """By column, the usual values that every field made of it alone translates; all where there is none."""
    found: dict[str, list[Any]] = {}
    for name, kind in COLUMNS.items():
        parsed = SqlType.parse(kind)
        values = USUAL["" if parsed is None else parsed.wire.kind]
        alone = [field for one in plan.targets for field in one.fields if field.inputs == (name,)]
        found[name] = [value for value in values if all(_translates(field, name, value) for field in alone)] or values
    return found


def _translates(field: Field, name: str, value: Any) -> bool:
    try:
        field_text(field, {name: value})
    except errors.TranslationError:
        return False
    return True
