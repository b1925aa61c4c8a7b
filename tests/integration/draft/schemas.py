"""Random legacy databases from a seed: names, types, keys and sizes as people leave them behind.

Each table is made, filled and later changed by SQL alone. What cannot be mapped is among them, so that `init` has
something to refuse.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from tests.integration.draft.values import KEYS, Kind, carried, not_carried

_STYLES = (
    "cust_mast", "Cust Mast", "CustMast", 'the "quoted" one', "it's", "Straße & Co.", "名前", "order", "user",
    "Ord.Head", "a,b", "x[1]", "50%", "{c}", "col#1", "$amt", "_hidden", "2nd", "no", "Null", "tab-le", "q?", "(par)",
    "e=mc^2", "a:b", "smile \U0001f600", "upd_ts", "crt_dt", "bal_amt", "email", "birth_dt", "stat_cd", "vip_yn",
    "x" * 63, "type", "date",
)  # fmt: skip
MOST_ROWS = 200
_ASKED = re.compile(r"^-?infinity$| BC$|^1582-10-10")


@dataclass(slots=True)
class Column:
    name: str
    kind: Kind
    nullable: bool = True
    key: str = ""  # the key's type where the column is part of the key
    generated: str = ""


@dataclass(slots=True)
class Table:
    schema: str
    name: str
    columns: list[Column] = field(default_factory=list)
    keyed: bool = True
    prefix: str = ""  # UNLOGGED
    rows: int = 0

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    @property
    def key(self) -> list[Column]:
        return [one for one in self.columns if one.key]

    @property
    def free(self) -> list[Column]:
        return [one for one in self.columns if not one.key and not one.generated]


@dataclass(slots=True)
class Legacy:
    """One database from one seed."""

    seed: int
    dice: random.Random
    schemas: list[str]
    tables: list[Table]
    extra: list[str]

    def create(self, connection: psycopg.Connection[object]) -> None:
        """Make every schema, type and table, and fill the tables."""
        for schema in self.schemas:
            if schema != "public":
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            connection.execute(
                sql.SQL("CREATE TYPE {} AS ENUM ('x', 'y', 'z')").format(sql.Identifier(schema, "My Mood"))
            )
        for table in self.tables:
            connection.execute(_ddl(table))
            self._fill(connection, table, self.dice.choice([0, 1, 5, 40, MOST_ROWS]))
        for statement in self.extra:
            connection.execute(statement.encode())

    def change(self, connection: psycopg.Connection[object]) -> None:
        """Insert, update and delete in every table that has a key."""
        for table in self.tables:
            if table.keyed:
                self._fill(connection, table, 5, later=True)
                for statement in self._changes(table):
                    connection.execute(statement)

    def _fill(self, connection: psycopg.Connection[object], table: Table, rows: int, *, later: bool = False) -> None:
        columns = [one for one in table.columns if not one.generated]
        names = sql.SQL(", ").join(sql.Identifier(one.name) for one in columns)
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(table.identifier, names)
        with connection.cursor().copy(copy) as stream:
            for number in range(table.rows + 1, table.rows + rows + 1):
                stream.write_row([self._value(one, number, later=later) for one in columns])
        table.rows += rows

    def _value(self, column: Column, number: int, *, later: bool) -> str | None:
        """A value; what `init` would have asked about is not among the `later` ones, which it has not seen."""
        if column.key:
            return KEYS[column.key](number)
        value = None if column.nullable and self.dice.random() < 0.2 else column.kind.make(self.dice)
        odd = later and value is not None and (_ASKED.search(value) or (column.kind.ddl, value) == ("numeric", "NaN"))
        return self._value(column, number, later=later) if odd else value

    def _changes(self, table: Table) -> Iterator[sql.Composed]:
        some = sql.SQL("ctid IN (SELECT ctid FROM {} LIMIT {} OFFSET {})")
        for _ in range(3):
            if table.free:
                changed = self.dice.sample(table.free, self.dice.randint(1, min(3, len(table.free))))
                sets = sql.SQL(", ").join(
                    sql.SQL("{} = {}::text::{}").format(
                        sql.Identifier(one.name), sql.Literal(self._value(one, 0, later=True)), sql.SQL(one.kind.ddl)
                    )
                    for one in changed
                )
                where = some.format(table.identifier, sql.Literal(20), sql.Literal(self.dice.randint(0, 5)))
                yield sql.SQL("UPDATE {} SET {} WHERE {}").format(table.identifier, sets, where)
        where = some.format(table.identifier, sql.Literal(2), sql.Literal(1))
        yield sql.SQL("DELETE FROM {} WHERE {}").format(table.identifier, where)


def _ddl(table: Table) -> sql.Composed:
    parts = [
        sql.SQL("{} {}{}{}").format(
            sql.Identifier(one.name),
            sql.SQL(one.kind.ddl),
            sql.SQL("" if one.nullable else " NOT NULL"),
            sql.SQL(f" GENERATED ALWAYS AS ({one.generated}) STORED" if one.generated else ""),
        )
        for one in table.columns
    ]
    if table.keyed:
        parts.append(
            sql.SQL("PRIMARY KEY ({})").format(sql.SQL(", ").join(sql.Identifier(one.name) for one in table.key))
        )
    made = sql.SQL(f"CREATE {table.prefix} TABLE {{}} ({{}})")
    return made.format(table.identifier, sql.SQL(", ").join(parts))


def legacy(seed: int, tables: int = 4) -> Legacy:
    """The database of a seed."""
    dice = random.Random(seed)  # noqa: S311 - test data
    schemas = ["public", *dice.sample(["sales", "Old Stuff", 'q"uote'], dice.randint(0, 1))]
    styles = dice.sample(_STYLES, len(_STYLES))
    made = [_table(dice, dice.choice(schemas), styles[number]) for number in range(tables)]
    refused = [
        Table(schema="public", name="no key", columns=_columns(dice, 3, "public"), keyed=False),
        Table(schema="public", name="not logged", columns=_key(dice, 1), prefix="UNLOGGED"),
    ]
    extra = [
        'CREATE VIEW public."a view" AS SELECT 1 AS x',
        "CREATE TABLE public.parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
        "CREATE TABLE public.part_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (9)",
        "INSERT INTO public.parts VALUES (1, 'x')",
    ]
    return Legacy(seed=seed, dice=dice, schemas=schemas, tables=[*made, *refused], extra=extra)


def _table(dice: random.Random, schema: str, name: str) -> Table:
    keys = _key(dice, dice.choice([1, 1, 1, 2, 3]))
    others = _columns(dice, dice.choice([0, 1, 4, 8, 12, 26]), schema)
    number = next((one for one in keys if one.kind.ddl == "integer"), None)
    if number is not None and dice.random() < 0.5:
        others.append(
            Column("computed", Kind("bigint", lambda _: ""), generated=f'"{_escaped(number.name)}"::bigint * 2')
        )
    taken = {one.name for one in keys}
    return Table(schema=schema, name=name, columns=[*keys, *(one for one in others if one.name not in taken)])


def _escaped(name: str) -> str:
    return name.replace('"', '""')


def _key(dice: random.Random, parts: int) -> list[Column]:
    kinds, names = dice.sample(list(KEYS), parts), dice.sample(_STYLES, parts)
    return [
        Column(f"{name} id"[:30] if dice.random() < 0.3 else name, Kind(kind, lambda _: ""), nullable=False, key=kind)
        for kind, name in zip(kinds, names, strict=True)
    ]


def _columns(dice: random.Random, count: int, schema: str) -> list[Column]:
    own = f'"{_escaped(schema)}"."My Mood"'
    return [
        Column(
            name,
            not_carried(dice, own) if dice.random() < 0.1 else carried(dice),
            nullable=dice.random() < 0.7,
        )
        for name in dice.sample(_STYLES, count)
    ]
