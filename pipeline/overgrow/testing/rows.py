"""Rows of three origins (a folded topic, the source, the target) in one comparable form, and what differs between them.

Guarantees: the readable interpreter of the mapping makes the rows, everything is compared, nothing sampled. Never
writes; needs memory for every row, so it is for tests and the demo only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.mapping.interpret import OUTSIDE, interpret
from overgrow.mapping.plan import Field, TablePlan
from overgrow.testing.fold import Folded, Key, Newest, Row

Rows = dict[Key, Row]  # by target key, values in comparable form


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """`rows` by target key. `poison`: source keys with an event that does not translate; an older one stands."""

    rows: Rows
    poison: frozenset[Key]


class Unequal(NamedTuple):
    """A key whose rows differ in these columns."""

    key: Key
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one set of rows has against another; `missing` and `extra` from the view of the expected ones."""

    missing: tuple[Key, ...]
    extra: tuple[Key, ...]
    unequal: tuple[Unequal, ...]

    @property
    def count(self) -> int:
        """Rows that are not the same on both sides."""
        return len(self.missing) + len(self.extra) + len(self.unequal)


def mapped_rows(plan: TablePlan, folded: Folded) -> Mapped:
    """What the target of a plan must hold after the events of its topic."""
    form = Form(plan)
    rows: Rows = {}
    poison = set()
    for source_key, newest in folded.keys.items():
        row, poisoned = _standing(plan, newest)
        if poisoned:
            poison.add(source_key)
        if row is not None:
            form.put(rows, row)
    return Mapped(rows=rows, poison=frozenset(poison))


def _standing(plan: TablePlan, newest: Newest) -> tuple[dict[str, str | None] | None, bool]:
    """The newest image that translates, and whether a newer one does not."""
    poisoned = False
    for image in reversed(newest.images):
        if image is None:
            return None, poisoned
        try:
            row = interpret(plan, image)
        except errors.TranslationError:
            poisoned = True
            continue
        return (None if row is OUTSIDE else row), poisoned
    return None, poisoned


def source_rows(connection: psycopg.Connection[Any], plan: TablePlan) -> Rows:
    """The source's rows now, through the readable interpreter."""
    names = [column.name for column in plan.used]
    select = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ".join(column.select for column in plan.used)),  # made by the mapping compiler
        _table(plan.source_table),
    )
    rows: Rows = {}
    form = Form(plan)
    for values in connection.execute(select):
        row = interpret(plan, dict(zip(names, values, strict=True)))
        if row is not OUTSIDE:
            form.put(rows, row)
    return rows


def target_rows(connection: psycopg.Connection[Any], plan: TablePlan) -> Rows:
    """The target's rows now, as PostgreSQL prints them."""
    names = [field.target.name for field in plan.fields]
    own = plan.fixed_key if plan.shared else {}
    tests = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in own.items()]
    query = sql.SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, names)),
        _table(plan.target_table),
        sql.SQL(" AND ").join([*tests, sql.SQL("true")]),
    )
    rows: Rows = {}
    form = Form(plan)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'")
        with cursor.copy(query) as copy:
            for values in copy.rows():
                form.put(rows, dict(zip(names, values, strict=True)))
    return rows


def compare(expected: Rows, found: Rows) -> Comparison:
    """Row by row, column by column."""
    both = expected.keys() & found.keys()
    unequal = (Unequal(key, _columns(expected[key], found[key])) for key in both if expected[key] != found[key])
    return Comparison(
        missing=tuple(expected.keys() - found.keys()),
        extra=tuple(found.keys() - expected.keys()),
        unequal=tuple(unequal),
    )


def _columns(one: Row, other: Row) -> tuple[str, ...]:
    nothing = object()
    names = {**one, **other}
    return tuple(name for name in names if one.get(name, nothing) != other.get(name, nothing))


class Form:
    """Texts of a plan's target columns to values that are equal iff PostgreSQL's own are."""

    def __init__(self, plan: TablePlan) -> None:
        self._of = {field.target.name: _comparable(field) for field in plan.fields}
        self._key = plan.target_key

    def put(self, rows: Rows, texts: Mapping[str, str | None]) -> None:
        """Add a row; two of one target key are an error of the mapping."""
        row = {name: None if text is None else self._of[name](text) for name, text in texts.items()}
        key = tuple(row[name] for name in self._key)
        if key in rows:
            raise errors.Refused(f"two rows have the target key {dict(zip(self._key, key, strict=True))}")
        rows[key] = row


def _comparable(field: Field) -> Callable[[str], Any]:
    kind = field.target.type.wire.kind if field.target.type else "text"
    forms: dict[str, Callable[[str], Any]] = {
        "numeric": Decimal,
        "float": float,
        "json": _document,
        "jsonb": _document,
        "char": str.rstrip,
    }
    return forms.get(kind, str)


def _document(text: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split(".", 1))
