"""What a legacy database was found to hold: its tables as the catalogue describes them.

Guarantees: names are kept exactly as the database has them; types are the text PostgreSQL prints. Never holds a row.
Made by `looking`, judged by `choosing` and `suspicions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from overgrow.envelope import SqlType


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `generated` values are computed by the database and not part of its change stream."""

    name: str
    type_text: str
    nullable: bool
    generated: bool = False

    @property
    def type(self) -> SqlType | None:
        """The type, None for one this version cannot carry."""
        return SqlType.parse(self.type_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """A unique constraint or index; a `partial` one, or one of expressions, has no form to carry over."""

    name: str
    columns: tuple[str, ...]
    plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A foreign key; `parent` is `schema.table`."""

    name: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check constraint as PostgreSQL prints it, in the words of the source."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """One relation. `kind` is PostgreSQL's relkind, `identity` its replica identity's name."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    kind: str = "r"
    key: tuple[str, ...] = ()
    identity: str = "default"
    unlogged: bool = False
    partition: bool = False
    inherited: bool = False
    extension: str = ""
    readable: bool = True
    estimate: float = -1
    uniques: tuple[Unique, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def full_name(self) -> str:
        """`schema.table`, as the project names it."""
        return f"{self.schema}.{self.name}"

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """What `init` looked at."""

    name: str
    version: str
    wal_level: str
    tables: tuple[Table, ...]
