"""A small legacy database as facts and profiles: what `init` finds out before it drafts anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from overgrow.draft import Draft, Profile, Sample, chosen, draft
from overgrow.draft.facts import Column, Database, ForeignKey, Table, Unique

PLACEHOLDER = "__og_absent_0123456789abcdef0123__"


def column(name: str, kind: str, *, nullable: bool = True, generated: bool = False) -> Column:
    return Column(name=name, type_text=kind, nullable=nullable, generated=generated)


def table(name: str, *columns: Column, key: tuple[str, ...] = ("id",), schema: str = "public", **more: object) -> Table:
    """A table whose key column, if it is `id`, need not be given."""
    own = (
        () if any(one.name == "id" for one in columns) or key != ("id",) else (column("id", "bigint", nullable=False),)
    )
    return Table(schema=schema, name=name, columns=(*own, *columns), key=key, **more)  # type: ignore[arg-type]  # Table checks


def database(*tables: Table, wal_level: str = "logical") -> Database:
    return Database(name="legacy", version="15.18", wal_level=wal_level, tables=tables)


def profile(kind: str, values: Iterable[str | None]) -> Profile:
    made = Profile(kind=kind)
    for value in values:
        made.add(value)
    return made


def drafted(*tables: Table, profiles: Mapping[str, Mapping[str, Profile]] | None = None, context: str = "crm") -> Draft:
    found = database(*tables)
    sample = Sample(profiles=profiles or {}, unsampled={})
    return draft(context, found, chosen(found), sample, placeholder=PLACEHOLDER)


def one(draft: Draft, kind: str) -> Mapping[str, object]:
    """The only decision of a kind."""
    found = [decision for decision in draft.decisions if decision.question.kind == kind]
    assert len(found) == 1, [decision.question.kind for decision in draft.decisions]
    return found[0].document()


ORDERS = table(
    "Order Head",
    column("ID", "bigint", nullable=False),
    column("Cust Id", "integer", nullable=False),
    column("amt", "double precision"),
    column("crt_dt", "timestamp without time zone", nullable=False),
    column("order", "character varying(10)"),
    key=("ID",),
    uniques=(Unique(name="u1", columns=("order",), plain=True),),
    foreign_keys=(ForeignKey(name="f1", columns=("Cust Id",), parent="public.cust", parent_columns=("id",)),),
)
CUSTOMERS = table("cust", column("email", "text"), column("stat_cd", "character(1)", nullable=False))
