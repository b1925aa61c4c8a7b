"""The SQL of one mapping's target table: `write.sql` with its names filled in, once, when the worker starts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import LiteralString, cast

from psycopg import sql


@dataclass(frozen=True, kw_only=True)
class Table:
    """What the sink must know of a target of a mapping. `keyed`: rows carry their source key in `_og_key` (translated
    keys). `also`: the mapping's further targets, each with its `label`; they share its letters and truncates.

    `slice`: the constants that tell this target's rows from another's in the same table.
    """

    pipeline: str
    mapping: str
    version: int
    digest: str
    topic: str
    target: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    keyed: bool
    label: str = ""
    also: tuple[Table, ...] = ()
    slice: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The mapping's name, with the label of a further target."""
        return f"{self.mapping}.{self.label}" if self.label else self.mapping

    @property
    def targets(self) -> tuple[Table, ...]:
        """Every target of the mapping, the first one first."""
        return (self, *self.also)

    @cached_property
    def rows(self) -> sql.Composed:
        """The target's own rows, as a table in FROM."""
        if not self.slice:
            return sql.Composed([self.identifier])
        tests = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in self.slice]
        return sql.SQL("(SELECT tableoid, * FROM {} WHERE {})").format(self.identifier, sql.SQL(" AND ").join(tests))

    @cached_property
    def identifier(self) -> sql.Identifier:
        """The qualified table name."""
        return sql.Identifier(*self.target.split(".", 1))

    @cached_property
    def stage(self) -> sql.Identifier:
        """The session's stage for rows."""
        return sql.Identifier("pg_temp", f"og_stage_{self.name}")

    @cached_property
    def gone(self) -> sql.Identifier:
        """The session's stage for keys that go."""
        return sql.Identifier("pg_temp", f"og_gone_{self.name}")

    @cached_property
    def statements(self) -> dict[str, sql.Composed]:
        """Every named statement of write.sql, composed for this table (`patch` depends on its columns: see there)."""
        names = self._names()
        return {name: sql.SQL(text).format(**names) for name, text in load("write.sql").items() if name != "patch"}

    def patch(self, columns: Iterable[str]) -> sql.Composed:
        """The update that writes only `columns`."""
        chosen = [name for name in columns if name not in self.key]
        assignments = sql.SQL("").join(
            sql.SQL("{0} = s.{0}, ").format(sql.Identifier(name)) for name in self.columns if name in chosen
        )
        return sql.SQL(load("write.sql")["patch"]).format(**self._names(), set_present=assignments)

    def on_both_stages(self, name: str) -> list[sql.Composed]:
        """A statement that treats rows and keys that go alike, for the one stage and the other."""
        names = self._names()
        return [sql.SQL(load("write.sql")[name]).format(**{**names, "stage": one}) for one in (self.stage, self.gone)]

    def copy(self, into: sql.Identifier) -> sql.Composed:
        """COPY into one of the two stages."""
        return sql.SQL("COPY {} FROM STDIN").format(into)

    def _names(self) -> dict[str, sql.Composable]:
        stamps = ["_og_off", "_og_lsn", "_og_xid"] + (["_og_key"] if self.keyed else [])
        others = [name for name in self.columns if name not in self.key]
        same_key = sql.SQL("{} = {}")
        return {
            "target": self.identifier,
            "newer_than_b": sql.SQL(load("write.sql")["newer_than_b"]),
            "stage": self.stage,
            "gone": self.gone,
            "pipeline": sql.Literal(self.pipeline),
            "mapping": sql.Literal(self.mapping),
            "name": sql.Literal(self.name),
            "version": sql.Literal(self.version),
            "columns": _names(self.columns),
            "keys": _names(self.key),
            "stamps": _names(stamps),
            "s_columns": _names(self.columns, "s"),
            "s_keys": _names(self.key, "s"),
            "s_keys_are_t_keys": sql.SQL(" AND ").join(
                same_key.format(sql.Identifier("s", name), sql.Identifier("t", name)) for name in self.key
            ),
            "and_same_source_key": sql.SQL("AND t._og_key = s._key" if self.keyed else ""),
            "and_excluded_same_key": sql.SQL("AND t._og_key = excluded._og_key" if self.keyed else ""),
            "comma_s_key": sql.SQL(", s._key" if self.keyed else ""),
            "set_excluded": sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in (others or self.key)
            ),
        }


@cache
def load(name: str) -> dict[str, LiteralString]:
    """Named statements of a packaged .sql file."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    # Packaged files are code, not input: that is what LiteralString asserts.
    return {key: cast("LiteralString", body.strip()) for key, body in zip(parts[::2], parts[1::2], strict=True)}


def _names(names: Iterable[str], alias: str | None = None) -> sql.Composed:
    prefix = (alias,) if alias else ()
    return sql.SQL(", ").join(sql.Identifier(*prefix, name) for name in names)
