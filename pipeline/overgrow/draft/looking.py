"""Reads the catalogue of a legacy PostgreSQL: what is there, not what is in it.

Guarantees: a read-only session whose statements are bounded in time; one query per kind of fact, whatever the number of
tables. Never reads a row of a table. Called by `init` through `draft.look`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg

from overgrow import errors
from overgrow.draft.facts import Check, Column, Database, ForeignKey, Table, Unique
from overgrow.sources.postgres import checked, session

APPLICATION = "overgrow:init"
STATEMENT_SECONDS = 60
_IDENTITIES = {"d": "default", "f": "full", "n": "nothing", "i": "index"}
_SETTINGS = (
    "SET default_transaction_read_only = on",
    f"SET statement_timeout = '{STATEMENT_SECONDS}s'",
    "SET lock_timeout = '5s'",
    "SET DateStyle = 'ISO, YMD'",
    "SET TimeZone = 'UTC'",
    "SET extra_float_digits = 1",
)
_TABLES = """
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relpersistence = 'u', c.relreplident::text, c.relispartition,
       EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid), c.reltuples,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
       coalesce((SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' LIMIT 1), '')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
   AND (%(schemas)s::text[] IS NULL OR n.nspname = ANY(%(schemas)s))
   AND (%(tables)s::text[] IS NULL OR n.nspname || '.' || c.relname = ANY(%(tables)s))
 ORDER BY n.nspname, c.relname
"""
_COLUMNS = """
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, a.attgenerated <> ''
  FROM pg_attribute a WHERE a.attrelid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
"""
_INDEXES = """
SELECT i.indrelid, x.relname, i.indisprimary, i.indpred IS NULL AND i.indexprs IS NULL,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, at)
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
              WHERE k.at <= i.indnkeyatts ORDER BY k.at)
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
 WHERE i.indrelid = ANY(%s) AND i.indisunique AND i.indisvalid ORDER BY i.indrelid, x.relname
"""
_CONSTRAINTS = """
SELECT c.conrelid, c.conname, c.contype::text, pg_get_constraintdef(c.oid), n.nspname || '.' || p.relname,
       ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(attnum, at)
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum ORDER BY k.at),
       ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k(attnum, at)
               JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum ORDER BY k.at)
  FROM pg_constraint c LEFT JOIN pg_class p ON p.oid = c.confrelid LEFT JOIN pg_namespace n ON n.oid = p.relnamespace
 WHERE c.conrelid = ANY(%s) AND c.contype IN ('f', 'c') ORDER BY c.conrelid, c.conname
"""
_SERVER = "SELECT current_database(), current_setting('server_version'), current_setting('wal_level')"
Connection = psycopg.Connection[Any]


@contextmanager
def reading(dsn: str) -> Iterator[Connection]:
    """A read-only session with the source."""
    try:
        place = checked(dsn, "--from")
    except errors.ConfigurationError as error:
        raise errors.ConfigurationError(str(error).removeprefix("overgrow.yaml: ")) from None
    with session(place, what="source", application=APPLICATION) as connection:
        for setting in _SETTINGS:
            connection.execute(setting)
        encoding = connection.info.parameter_status("server_encoding")
        if encoding == "SQL_ASCII":
            msg = (
                "the source database has encoding SQL_ASCII: nobody can say which characters its bytes mean. Next: "
                "find out its real encoding, load it into a database of that encoding, and run `overgrow init` on that"
            )
            raise errors.ConfigurationError(msg)
        connection.execute("SET client_encoding = 'UTF8'")
        yield connection


def look(connection: Connection, *, schemas: Iterable[str] = (), tables: Iterable[str] = ()) -> Database:
    """What the database holds, or the chosen schemas or tables (`schema.table`) of it."""
    chosen = {"schemas": list(schemas) or None, "tables": list(tables) or None}
    found = connection.execute(_TABLES, chosen).fetchall()
    _refuse_unknown(chosen, found)
    oids = [row[0] for row in found]
    columns, keys, uniques = _columns(connection, oids), *_indexes(connection, oids)
    foreign_keys, checks = _constraints(connection, oids)
    name, version, wal_level = connection.execute(_SERVER).fetchall()[0]
    return Database(
        name=name,
        version=version,
        wal_level=wal_level,
        tables=tuple(
            replace(
                _table(row),
                columns=tuple(columns[row[0]]),
                key=keys.get(row[0], ()),
                uniques=tuple(uniques[row[0]]),
                foreign_keys=tuple(foreign_keys[row[0]]),
                checks=tuple(checks[row[0]]),
            )
            for row in found
        ),
    )


def _table(row: tuple[Any, ...]) -> Table:
    _, schema, name, kind, unlogged, identity, partition, inherited, estimate, readable, extension = row
    return Table(
        schema=schema,
        name=name,
        columns=(),
        kind=kind,
        unlogged=unlogged,
        identity=_IDENTITIES[identity],
        partition=partition,
        inherited=inherited,
        estimate=estimate,
        readable=readable,
        extension=extension,
    )


def _refuse_unknown(chosen: dict[str, list[str] | None], found: list[tuple[Any, ...]]) -> None:
    there = {"schemas": {row[1] for row in found}, "tables": {f"{row[1]}.{row[2]}" for row in found}}
    for what, option in (("schemas", "--schema"), ("tables", "--table")):
        missing = sorted(set(chosen[what] or ()) - there[what])
        if missing:
            msg = f"{option}: the source has nothing called {', '.join(missing)} (a table is named as schema.table)"
            raise errors.ConfigurationError(msg)


def _columns(connection: Connection, oids: list[int]) -> defaultdict[int, list[Column]]:
    made: defaultdict[int, list[Column]] = defaultdict(list)
    for oid, name, kind, nullable, generated in connection.execute(_COLUMNS, [oids]):
        made[oid].append(Column(name=name, type_text=kind, nullable=nullable, generated=generated))
    return made


def _indexes(
    connection: Connection, oids: list[int]
) -> tuple[dict[int, tuple[str, ...]], defaultdict[int, list[Unique]]]:
    keys: dict[int, tuple[str, ...]] = {}
    uniques: defaultdict[int, list[Unique]] = defaultdict(list)
    for oid, name, primary, plain, columns in connection.execute(_INDEXES, [oids]):
        if primary:
            keys[oid] = tuple(columns)
        else:
            uniques[oid].append(Unique(name=name, columns=tuple(columns), plain=plain))
    return keys, uniques


def _constraints(
    connection: Connection, oids: list[int]
) -> tuple[defaultdict[int, list[ForeignKey]], defaultdict[int, list[Check]]]:
    foreign_keys: defaultdict[int, list[ForeignKey]] = defaultdict(list)
    checks: defaultdict[int, list[Check]] = defaultdict(list)
    for oid, name, kind, text, parent, columns, parents in connection.execute(_CONSTRAINTS, [oids]):
        if kind == "c":
            checks[oid].append(Check(name=name, text=text))
        else:
            one = ForeignKey(name=name, columns=tuple(columns), parent=parent, parent_columns=tuple(parents))
            foreign_keys[oid].append(one)
    return foreign_keys, checks
