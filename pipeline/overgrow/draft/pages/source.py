"""The recorded catalogue, and the statements the source's owner must run before the first `apply`.

Guarantees: every column is there under its own name. Called by `draft.draft`.
"""

from __future__ import annotations

from collections.abc import Iterable

from overgrow.draft.choosing import Mapped
from overgrow.draft.facts import Column
from overgrow.draft.pages.page import Page, listed, scalar, width
from overgrow.envelope import quote


def catalogue(mapped: Mapped) -> Page:
    """`schemas/source/<table>.yaml`."""
    table = mapped.table.full_name
    page = Page(f"schemas/source/{table}.yaml")
    page.put(f"# What the legacy database holds, as recorded; a difference is drift.\ntable: {scalar(table)}")
    page.put(f"key: {listed(mapped.table.key)}")
    page.put(f"replica_identity: {mapped.identity}", ("catalogue", table, ""))
    page.put("columns:")
    labels = [f"{scalar(column.name)}:" for column in mapped.table.columns]
    pad = width(labels)
    for label, column in zip(labels, mapped.table.columns, strict=True):
        shown = f"{{type: {scalar(type_text(column))}, nullable: {str(column.nullable).lower()}}}"
        page.put(f"  {label:<{pad}} {shown}", ("catalogue", table, column.name))
    return page


def type_text(column: Column) -> str:
    """The type as people write it; `bpchar` keeps its name, a bare `char` is another type."""
    found = column.type
    if found is None or (found.name == "char" and found.size is None):
        return column.type_text
    return str(found)


def identities(mapped: Iterable[Mapped]) -> Page | None:
    """`schemas/source/replica_identity.sql`, None where there is nothing to run."""
    waiting = [one for one in mapped if one.needs_full]
    if not waiting:
        return None
    page = Page("schemas/source/replica_identity.sql")
    page.put(
        "-- To be run on the source before the first `overgrow apply`: an update of these tables may leave out a key."
    )
    for one in waiting:
        name = f"{quote(one.table.schema)}.{quote(one.table.name)}"
        page.put(f"ALTER TABLE {name} REPLICA IDENTITY FULL;")
    return page
