"""The compiled mapping of one source table: immutable, printable, and all that any later use of the mapping needs.

Guarantees: a plan that exists has passed every check; its names exist on both sides, its types fit. Never holds a
connection, a clock or a value of a row. Made by the compiler; read by the interpreter, the code generator, sinks,
`verify`, `show`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from overgrow.envelope import SqlType, WireColumn
from overgrow.mapping.filters import Filter
from overgrow.mapping.words.personal import Hmac, Token
from overgrow.mapping.words.step import Step, argument


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetColumn:
    """A column of the target table; `type` is None for a type that only text can be written to."""

    name: str
    type_text: str
    type: SqlType | None
    nullable: bool
    default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One target column and how its value is made: `constant` text, or the inputs through the steps."""

    target: TargetColumn
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    yields: SqlType
    constant: str | None = None

    @property
    def one_way(self) -> str:
        """Why this field has no inverse; empty if it has one."""
        return next((step.one_way for step in self.steps if step.one_way), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """What is done with each row of one source table. `file` is where the mapping was read."""

    mapping: str
    version: int
    digest: str
    context: str
    file: str
    source_table: str
    source_key: tuple[str, ...]
    replica_identity: str
    columns: tuple[WireColumn, ...]
    dropped: tuple[str, ...]
    target_table: str
    target_key: tuple[str, ...]
    fields: tuple[Field, ...]
    where: Filter
    policies: Mapping[str, str]
    key_identity: bool
    label: str = ""  # of a further target; the mapping's first one has none
    also: tuple[TablePlan, ...] = ()  # the further targets of the same source rows; they name the same `columns`
    shared: bool = False  # another target of the mapping writes other rows of the same table

    @property
    def name(self) -> str:
        """The mapping's name, with the label of a further target."""
        return f"{self.mapping}.{self.label}" if self.label else self.mapping

    @property
    def targets(self) -> tuple[TablePlan, ...]:
        """Every target, the first one first."""
        return (self, *self.also)

    @property
    def fixed_key(self) -> dict[str, str]:
        """The constants among the target key's columns: of a table that is shared they tell whose row it is."""
        return {
            field.target.name: field.constant
            for field in self.fields
            if field.constant is not None and field.target.name in self.target_key
        }

    @property
    def used(self) -> tuple[WireColumn, ...]:
        """The source columns the decoder must deliver, in order."""
        return tuple(column for column in self.columns if column.used)

    @property
    def key_columns(self) -> tuple[WireColumn, ...]:
        """The source key's columns, in the key's order."""
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[name] for name in self.source_key)

    @property
    def target_columns(self) -> tuple[TargetColumn, ...]:
        """The target columns that are written, in the order of a line."""
        return tuple(field.target for field in self.fields)

    @property
    def where_sql(self) -> str:
        """The filter on the source table, `true` when there is none; it holds no parameters."""
        return self.where.sql

    def require_keys(self) -> None:
        """Ask for every key of personal data now; ConfigurationError names one that is not there.

        Else the first row would ask, and a key that is missing would make a dead letter of every row.
        """
        for step in (one for plan in self.targets for field in plan.fields for one in field.steps):
            if isinstance(step, (Hmac, Token)):
                step.key.digest("")

    def to_json(self) -> str:
        """The whole plan as a JSON document, the same for the same mapping."""
        return json.dumps(self.describe(), ensure_ascii=False, indent=2)

    def describe(self) -> dict[str, Any]:
        """The whole plan as plain values."""
        return {
            "mapping": self.mapping,
            "version": self.version,
            "digest": self.digest,
            "context": self.context,
            "file": self.file,
            "source": {
                "table": self.source_table,
                "key": list(self.source_key),
                "replica_identity": self.replica_identity,
                "columns": [_column(column) for column in self.columns],
                "where": self.where_sql,
            },
            "target": {"table": self.target_table, "key": list(self.target_key), "key_identity": self.key_identity},
            "fields": [_field(field) for field in self.fields],
            "on": dict(self.policies),
            **({"also": {one.label: one.describe_target() for one in self.also}} if self.also else {}),
        }

    def describe_target(self) -> dict[str, Any]:
        """A further target as plain values."""
        return {
            "where": self.where_sql,
            "target": {"table": self.target_table, "key": list(self.target_key), "key_identity": self.key_identity},
            "fields": [_field(field) for field in self.fields],
        }


def _column(column: WireColumn) -> dict[str, Any]:
    if not column.used:
        return {"name": column.name, "dropped": True}
    wire = column.type.wire
    sent = wire.connect if wire.semantic is None else f"{wire.connect} {wire.semantic}"
    shown = {"name": column.name, "type": str(column.type), "nullable": column.nullable, "sent_as": sent}
    return {**shown, "large": True} if column.large else shown


def _field(field: Field) -> dict[str, Any]:
    return {
        "target": field.target.name,
        "type": field.target.type_text,
        "nullable": field.target.nullable,
        "from": list(field.inputs),
        "steps": [{"step": step.word, **argument(step), "yields": str(step.yields)} for step in field.steps],
        "constant": field.constant,
        "invertible": not field.one_way,
        "one_way": field.one_way or None,
    }


def names(columns: Iterable[TargetColumn]) -> tuple[str, ...]:
    """The names of target columns."""
    return tuple(column.name for column in columns)
