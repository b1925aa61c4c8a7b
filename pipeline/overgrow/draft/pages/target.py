"""The new model's DDL: the mapped tables under their new names, and for later what they are to hold to.

Guarantees: types, lengths and nullability are the source's; nothing in the first file refuses rows that arrive in
another order. Called by `draft.draft`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import sqlglot

from overgrow.draft.choosing import Choice, Mapped, by_source
from overgrow.draft.facts import ForeignKey, Unique
from overgrow.draft.names import COLUMN_BYTES, snake
from overgrow.draft.pages.page import Page, width
from overgrow.draft.pages.source import type_text
from overgrow.envelope import quote


@cache
def name(plain: str) -> str:
    """A name of the new model as SQL: quoted only where a reader of SQL takes the word for another."""
    tokens = sqlglot.tokenize(plain, read="postgres")
    return plain if [token.token_type for token in tokens] == [sqlglot.TokenType.VAR] else quote(plain)


def tables(context: str, choice: Choice) -> Page:
    """`schemas/target/<context>.sql`."""
    page = Page(f"schemas/target/{context}.sql")
    page.put(
        "-- The new model, as near to the old one as its types allow. No foreign keys and no unique constraints but"
    )
    page.put(
        "-- the keys while rows are still arriving; the stamp columns (_og_*) are added by `overgrow apply`, not here."
    )
    page.put(f"CREATE SCHEMA IF NOT EXISTS {name(context)};")
    for mapped in choice.mapped:
        _table(page, context, mapped)
    return page


def _table(page: Page, context: str, mapped: Mapped) -> None:
    source = mapped.table.full_name
    page.put("")
    page.put(f"CREATE TABLE {name(context)}.{name(mapped.target)} (", ("target", source, ""))
    labels = [name(field.name) for field in mapped.fields]
    types = [type_text(field.column) for field in mapped.fields]
    pad, wide = width(labels), width(types)
    for field, label, kind in zip(mapped.fields, labels, types, strict=True):
        required = "" if field.column.nullable else " NOT NULL"
        page.put(
            f"    {label:<{pad}} {kind:<{wide if required else 0}}{required},", ("target", source, field.column.name)
        )
    page.put(f"    PRIMARY KEY ({_names(mapped.target_key)})\n);")


def _names(plain: tuple[str, ...]) -> str:
    return ", ".join(name(one) for one in plain)


def constraints(context: str, choice: Choice) -> Page:
    """`schemas/target/<context>_constraints.sql`: every statement is a comment until somebody means it."""
    page = Page(f"schemas/target/{context}_constraints.sql")
    page.put(
        "-- What holds once the old system is switched off: `overgrow apply --constraints` adds it when everything has"
    )
    page.put("-- been applied. Take the dashes away from what the new model keeps.", ("constraints", "", ""))
    known = by_source(choice.mapped)
    taken: set[str] = set()
    for mapped in choice.mapped:
        for unique in mapped.table.uniques:
            for line in _unique(context, mapped, unique, taken):
                page.put(line)
    for mapped in choice.mapped:
        for foreign in mapped.table.foreign_keys:
            for line in _foreign(context, mapped, foreign, known, taken):
                page.put(line)
    for mapped in choice.mapped:
        for check in mapped.table.checks:
            page.put(f"-- In the source's words, {mapped.table.full_name}: {' '.join(check.text.split())}")
    return page


def _unique(context: str, mapped: Mapped, unique: Unique, taken: set[str]) -> Iterator[str]:
    columns = _renamed(mapped, unique.columns)
    if not unique.plain or columns is None:
        why = "partial, of expressions, or of a dropped column"
        yield f"-- Not carried over: {unique.name} of {mapped.table.full_name} ({why})"
        return
    given = _given([mapped.target, *columns, "unique"], taken)
    table = f"{name(context)}.{name(mapped.target)}"
    yield f"-- ALTER TABLE {table} ADD CONSTRAINT {given} UNIQUE ({_names(columns)});"


def _foreign(
    context: str, mapped: Mapped, foreign: ForeignKey, known: Mapping[str, Mapped], taken: set[str]
) -> Iterator[str]:
    parent = known.get(foreign.parent)
    columns = _renamed(mapped, foreign.columns)
    parents = None if parent is None else _renamed(parent, foreign.parent_columns)
    if parent is None or columns is None or parents is None:
        yield f"-- Not carried over: {foreign.name} of {mapped.table.full_name} (what it refers to stays behind)"
        return
    given = _given([mapped.target, *columns, "fk"], taken)
    yield (
        f"-- ALTER TABLE {name(context)}.{name(mapped.target)} ADD CONSTRAINT {given} FOREIGN KEY ({_names(columns)})"
        f" REFERENCES {name(context)}.{name(parent.target)} ({_names(parents)});"
    )


def _renamed(mapped: Mapped, columns: tuple[str, ...]) -> tuple[str, ...] | None:
    renamed = {field.column.name: field.name for field in mapped.fields}
    return tuple(renamed[one] for one in columns) if columns and all(one in renamed for one in columns) else None


def _given(words: list[str], taken: set[str]) -> str:
    """A constraint's name: it must be alone in its schema."""
    whole = snake("_".join(words))[: COLUMN_BYTES - 4].rstrip("_")
    number, one = 1, whole
    while one in taken:
        number += 1
        one = f"{whole}_{number}"
    taken.add(one)
    return name(one)
