"""What a transaction of the shop consists of. No I/O. Used by `traffic` and `trade_traffic`, run by `writer`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Statement(NamedTuple):
    """One statement; `rows` it must change (None: it changes none by nature).

    `counts` unless a savepoint undoes it, or its table is one that nobody streams.
    """

    sql: str
    values: tuple[object, ...] = ()
    rows: int | None = 1
    counts: bool = True


class Transaction(NamedTuple):
    """Statements between BEGIN and COMMIT, or ROLLBACK."""

    kind: str
    statements: tuple[Statement, ...]
    commit: bool = True

    @property
    def changes(self) -> int:
        """How many row changes are there to stay."""
        return sum(s.rows or 0 for s in self.statements if s.counts) if self.commit else 0


def insert(table: str, row: Sequence[object]) -> Statement:
    """A whole row, in column order."""
    return Statement(f"INSERT INTO public.{table} VALUES ({', '.join(['%s'] * len(row))})", tuple(row))  # noqa: S608 - own names


def update(table: str, values: Mapping[str, object], where: Mapping[str, object], *, rows: int = 1) -> Statement:
    """Some columns of some rows."""
    text = f"UPDATE public.{table} SET {_equal(values, ', ')} WHERE {_equal(where, ' AND ')}"  # noqa: S608 - own names
    return Statement(text, (*values.values(), *where.values()), rows)


def delete(table: str, where: Mapping[str, object], *, rows: int = 1) -> Statement:
    """Some rows."""
    return Statement(f"DELETE FROM public.{table} WHERE {_equal(where, ' AND ')}", tuple(where.values()), rows)  # noqa: S608 - own names


def _equal(values: Mapping[str, object], between: str) -> str:
    return between.join(f"{name} = %s" for name in values)
