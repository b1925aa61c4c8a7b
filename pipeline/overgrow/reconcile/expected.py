"""What the target should hold: each source row through the mapping, into a temporary table typed like the target.

Guarantees: every source row inside the filter is one row of the table. One that does not translate, or whose values
the target's types refuse, is there with its key and the `_cause`. Memory stays flat. Writes nothing but the temporary
table. Called by the comparison of one mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from overgrow.mapping import RowCodec, copytext
from overgrow.sinks.postgres import Table
from overgrow.sinks.postgres.classify import fate

BATCH_ROWS = 5000
Connection = psycopg.Connection[Any]


class Line(NamedTuple):
    """One row as COPY text. `identity`: key and target key alone, for a row that cannot be written as it is."""

    key: str
    text: str | None
    cause: str | None
    identity: Callable[[], str]


@dataclass(slots=True, kw_only=True)
class Tally:
    """Rows of the source table, and of those inside the filter."""

    source_rows: int = 0
    in_filter: int = 0


class Translation:
    """Source rows of one mapping to lines."""

    def __init__(self, codec: RowCodec) -> None:
        self._codec = codec
        positions = {column.name: at for at, column in enumerate(codec.plan.used)}
        self._key_positions = tuple(positions[column.name] for column in codec.plan.key_columns)
        self.tally = Tally()

    def lines(self, rows: Iterable[tuple[Any, ...]]) -> Iterable[Line]:
        """One line for each row inside the filter."""
        codec, tally = self._codec, self.tally
        row_type, line, key_type, key_text = codec.row_type, codec.line, codec.key_type, codec.key_text
        for row in rows:
            tally.source_rows += 1
            struct, cause = row_type(*row), None
            try:
                text = line(struct)
            except Exception:  # noqa: BLE001 - generated code raises whatever the value provokes; explain names it
                text, cause = None, str(codec.explain(struct))
            if text is None and cause is None:
                continue
            tally.in_filter += 1
            key = key_type(*[row[at] for at in self._key_positions])
            yield Line(key_text(key), text, cause, _identity(codec, key))


def _identity(codec: RowCodec, key: Any) -> Callable[[], str]:  # noqa: ANN401 - the generated key struct
    def text() -> str:
        try:
            values = dict(zip(codec.plan.target_key, codec.target_key(key).split("\t"), strict=True))
        except Exception:  # noqa: BLE001 - the key itself may be what does not translate
            values = {}
        return "\t".join(values.get(name, copytext.NULL) for name in codec.target_columns)

    return text


class Expected:
    """The temporary table of one mapping, in one session."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.columns)
        self._nothing = "\t".join(copytext.NULL for _ in table.columns)
        self._target = table.identifier
        self.name = sql.Identifier("pg_temp", f"og_expected_{table.name}")

    def make(self) -> None:
        """Make it, empty; outside of the read-only transaction."""
        query = "CREATE TEMP TABLE {} AS SELECT ''::text AS _key, NULL::text AS _cause, {} FROM {} WITH NO DATA"
        self._connection.execute(sql.SQL(query).format(self.name, self._columns, self._target))

    def fill(self, lines: Iterable[Line]) -> None:
        """Take in every line."""
        rest = iter(lines)
        while batch := list(islice(rest, BATCH_ROWS)):
            self._put(batch)
        self._connection.execute(sql.SQL("ANALYZE {}").format(self.name))

    def _put(self, batch: Sequence[Line]) -> None:
        """COPY; what the target's types refuse is found by halves and kept with its cause."""
        error = self._copy("".join(_text(line) for line in batch))
        if error is None:
            return
        if len(batch) > 1:
            middle = len(batch) // 2
            self._put(batch[:middle])
            self._put(batch[middle:])
            return
        cause = f"SQLSTATE {error.sqlstate}: {error.diag.message_primary}"
        if self._copy(_text(batch[0]._replace(text=None, cause=cause))) is not None:
            self._copy(_row(batch[0].key, cause, self._nothing))

    def _copy(self, text: str) -> psycopg.Error | None:
        try:
            with (
                self._connection.transaction(),
                self._connection.cursor() as cursor,
                cursor.copy(sql.SQL("COPY {} FROM STDIN").format(self.name)) as copy,
            ):
                copy.write(text)
        except psycopg.Error as error:
            if fate(error) != "data":
                raise
            return error
        return None


def _text(line: Line) -> str:
    return _row(line.key, line.cause, line.identity() if line.text is None else line.text)


def _row(key: str, cause: str | None, columns: str) -> str:
    told = copytext.NULL if cause is None else copytext.escape(cause.replace("\0", "\\0"))
    return f"{copytext.escape(key)}\t{told}\t{columns}\n"
