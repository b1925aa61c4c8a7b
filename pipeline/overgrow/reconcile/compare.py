"""Compares one mapping completely, in one snapshot of each side; equality is the target type's own.

Guarantees: every source row and every target row is seen once. Rows stay in the databases: only unequal ones come
here, one at a time. Never writes but to a temporary table. Called by `verify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from overgrow.mapping import RowCodec, TablePlan
from overgrow.reconcile.expected import Expected, Translation
from overgrow.reconcile.judge import Judge, Unequal
from overgrow.reconcile.rounds import Found
from overgrow.reconcile.transactions import Transactions
from overgrow.sinks.postgres import Table
from overgrow.sources.rows import SourceSnapshot

FETCH_ROWS = 1000
Connection = psycopg.Connection[Any]

_UNEQUAL = """
SELECT e.tableoid IS NOT NULL, t.tableoid IS NOT NULL, ARRAY[{key_texts}]::text[], e._key, {stored_key}, e._cause,
       {collides}, t._og_off, t._og_xid,
       (SELECT b._og_xid FROM overgrow.tombstone b
         WHERE b.pipeline = {pipeline} AND b.mapping = {name} AND b.source_key = e._key),
       ARRAY[{differs}], ARRAY[{expected_texts}]::text[], ARRAY[{actual_texts}]::text[]
  FROM {expected} e FULL JOIN {target} t ON {same_key} {join_collisions}
 WHERE e.tableoid IS NULL OR t.tableoid IS NULL OR e._cause IS NOT NULL OR {any_differs} OR {wrong_key}
    OR t._og_off >= {horizon}
 ORDER BY {either_keys}
"""
_COLLISIONS = """
  LEFT JOIN (SELECT {keys} FROM {expected} e GROUP BY {keys} HAVING count(*) > 1) c ON {is_collision}
"""
_LETTERS = """
SELECT DISTINCT ON (source_key) source_key, kind || ': ' || cause FROM overgrow.dead_letter
 WHERE pipeline = %s AND mapping = %s AND state = 'open' AND source_key IS NOT NULL ORDER BY source_key, _og_off DESC
"""


class MappingComparison:
    """One mapping in one round: `prepare` before the target's snapshot is taken, `run` inside it."""

    def __init__(self, connection: Connection, table: Table, codec: RowCodec) -> None:
        self._connection, self._table, self._codec = connection, table, codec
        self._expected = Expected(connection, table)

    def prepare(self) -> None:
        """Make the temporary table."""
        self._expected.make()

    def run(self, source: SourceSnapshot, *, horizon: int, limit: int) -> Found:
        """Compare; at most `limit` differences are kept with their values."""
        plan, translation = self._codec.plan, Translation(self._codec)
        self._expected.fill(translation.lines(source.rows(plan)))
        tally = translation.tally
        found = Found(source_rows=tally.source_rows, in_filter=tally.in_filter, target_rows=self._target_rows())
        judge = Judge(
            plan=plan,
            keyed=self._table.keyed,
            horizon=horizon,
            letters=self._letters(),
            transactions=Transactions.parse(source.transactions),
        )
        unequal_in_filter = 0
        for row in self._unequal(horizon):
            ahead = judge.ahead(row)
            found.track(row, ahead=ahead)
            unequal_in_filter += row.in_source
            if ahead:
                continue
            difference = judge.difference(row)
            found.counts[difference.kind] += 1
            if len(found.differences) < limit:
                found.differences.append(difference)
        found.equal = found.in_filter - unequal_in_filter
        return found

    def _target_rows(self) -> int:
        row = self._connection.execute(sql.SQL("SELECT count(*) FROM {} t").format(self._table.rows)).fetchone()
        return int(row[0]) if row else 0

    def _letters(self) -> dict[str, str]:
        return dict(self._connection.execute(_LETTERS.encode(), [self._table.pipeline, self._table.mapping]).fetchall())

    def _unequal(self, horizon: int) -> Iterator[Unequal]:
        query = unequal_query(self._table, self._codec.plan, self._expected.name, horizon)
        with self._connection.cursor(name="og_unequal") as cursor:
            cursor.itersize = FETCH_ROWS
            cursor.execute(query)
            yield from (Unequal(*row) for row in cursor)


def unequal_query(table: Table, plan: TablePlan, expected: sql.Identifier, horizon: int) -> sql.Composed:
    """Every row that is not equal on both sides."""
    keys, columns = table.key, plan.target_columns
    differs = [
        sql.SQL("{} IS DISTINCT FROM {}").format(_comparable("e", one.name, form), _comparable("t", one.name, form))
        for one in columns
        for form in [_form(one.type_text, known=one.type is not None)]
    ]
    either = [sql.SQL("coalesce({}, {})").format(sql.Identifier("e", name), sql.Identifier("t", name)) for name in keys]
    others = [test for one, test in zip(columns, differs, strict=True) if one.name not in keys]
    names = {
        "expected": expected,
        "target": table.rows,
        "pipeline": sql.Literal(table.pipeline),
        "name": sql.Literal(table.name),
        "horizon": sql.Literal(horizon),
        "keys": sql.SQL(", ").join(sql.Identifier("e", name) for name in keys),
        "key_texts": sql.SQL(", ").join(sql.SQL("{}::text").format(one) for one in either),
        "either_keys": sql.SQL(", ").join(either),
        "same_key": _all_equal("e", "t", keys),
        "stored_key": sql.SQL("t._og_key" if table.keyed else "NULL::text"),
        "wrong_key": sql.SQL("t._og_key IS DISTINCT FROM e._key" if table.keyed else "false"),
        "collides": sql.SQL("c.* IS NOT NULL" if table.keyed else "false"),
        "differs": sql.SQL(", ").join(differs),
        "any_differs": sql.SQL(" OR ").join([*others, sql.SQL("false")]),
        "expected_texts": _texts("e", columns),
        "actual_texts": _texts("t", columns),
    }
    join = _COLLISIONS if table.keyed else ""
    names["join_collisions"] = sql.SQL(join).format(**names, is_collision=_all_equal("e", "c", keys))
    return sql.SQL(_UNEQUAL).format(**names)


def _form(type_text: str, *, known: bool) -> str:
    """How two values are compared: by their type, or by another where the type has no equality (json, xml, point)."""
    if type_text == "json":
        return "{}::jsonb"
    return "{}" if known else "{}::text"


def _comparable(side: str, name: str, form: Any) -> sql.Composed:  # noqa: ANN401 - one of three literals
    return sql.SQL(form).format(sql.Identifier(side, name))


def _all_equal(one: str, other: str, names: tuple[str, ...]) -> sql.Composed:
    tests = [sql.SQL("{} = {}").format(sql.Identifier(one, name), sql.Identifier(other, name)) for name in names]
    return sql.SQL(" AND ").join(tests)


def _texts(side: str, columns: Any) -> sql.Composed:  # noqa: ANN401 - the plan's target columns
    return sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(side, one.name)) for one in columns)
