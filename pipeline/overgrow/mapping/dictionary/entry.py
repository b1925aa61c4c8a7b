"""The data dictionary of a mapping: each target column from where, through what, and how it comes back.

Guarantees: says what the plan does and nothing else. Never looks at a row. Made by `show`; read by its screens, its
JSON and its Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass

from overgrow.envelope import WireColumn, quote
from overgrow.mapping import inverse
from overgrow.mapping.dictionary import steps
from overgrow.mapping.inverse import Way
from overgrow.mapping.plan import Field, TablePlan
from overgrow.mapping.words.personal import Hmac, Mask, Token

_SEMANTIC = "io.debezium."


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A source column. `goes_to`: target columns; `back`: what it is given back from, empty if it is `lost` (why)."""

    name: str
    type: str
    nullable: bool
    sent_as: str
    large: bool
    dropped: bool
    personal: bool
    goes_to: tuple[str, ...]
    back: str
    lost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A target column; `lost`: why its sources do not come back from it alone, `beside`: the fields it needs to."""

    name: str
    type: str
    nullable: bool
    sources: tuple[Column, ...]
    steps: tuple[str, ...]
    yields: str
    constant: str | None
    lost: str
    beside: tuple[str, ...]

    @property
    def back(self) -> str:
        """The way back, in words."""
        if self.constant is not None:
            return "not needed"
        if self.beside:
            return f"yes, with {', '.join(self.beside)}"
        return f"none: {self.lost}" if self.lost else "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One target of the mapping; `where`: which source rows, in SQL."""

    name: str
    table: str
    key: tuple[str, ...]
    key_identity: bool
    where: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictionary:
    """One mapping; `about` is what its author wrote at the top, `select` reads its rows as they would be sent."""

    mapping: str
    about: str
    version: int
    file: str
    digest: str
    source: str
    source_key: tuple[str, ...]
    replica_identity: str
    topic: str
    policies: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    select: str
    targets: tuple[Part, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The target tables, each once."""
        return tuple(dict.fromkeys(target.table for target in self.targets))

    @property
    def fields(self) -> tuple[Entry, ...]:
        """Of all targets."""
        return tuple(entry for target in self.targets for entry in target.entries)


def describe(plan: TablePlan, *, topic: str, text: str) -> Dictionary:
    """The dictionary of a mapping; `text` is its document."""
    columns = {column.name: _column(plan, column) for column in plan.columns}
    return Dictionary(
        mapping=plan.mapping,
        about=_about(text),
        version=plan.version,
        file=plan.file,
        digest=plan.digest,
        source=plan.source_table,
        source_key=plan.source_key,
        replica_identity=plan.replica_identity,
        topic=topic,
        policies=tuple(plan.policies.items()),
        columns=tuple(columns.values()),
        select=_select(plan),
        targets=tuple(_part(one, columns) for one in plan.targets),
    )


def personal(field: Field) -> bool:
    """Whether the field's steps hide what they are given."""
    return any(isinstance(step, (Hmac, Token, Mask)) for step in field.steps)


def hidden(plan: TablePlan) -> frozenset[str]:
    """The source columns that some target hides."""
    fields = [field for one in plan.targets for field in one.fields if personal(field)]
    return frozenset(name for field in fields for name in field.inputs)


def _part(plan: TablePlan, columns: dict[str, Column]) -> Part:
    ways = inverse.ways(plan)
    return Part(
        name=plan.name,
        table=plan.target_table,
        key=plan.target_key,
        key_identity=plan.key_identity,
        where=plan.where_sql,
        entries=tuple(_entry(plan, field, columns, ways) for field in plan.fields),
    )


def _entry(plan: TablePlan, field: Field, columns: dict[str, Column], ways: dict[str, Way]) -> Entry:
    together = {one.target.name for name in field.inputs for one in ways[name].fields if field in ways[name].fields}
    beside = tuple(sorted(together - {field.target.name})) if inverse.lost(field) else ()
    return Entry(
        name=field.target.name,
        type=field.target.type_text,
        nullable=field.target.nullable,
        sources=tuple(columns[name] for name in field.inputs),
        steps=_steps(plan, field),
        yields=str(field.yields),
        constant=field.constant,
        lost=inverse.lost(field),
        beside=beside,
    )


def _steps(plan: TablePlan, field: Field) -> tuple[str, ...]:
    types = {column.name: column.type for column in plan.columns}
    arriving = [types[field.inputs[0]], *(step.yields for step in field.steps)] if field.inputs else []
    return tuple(steps.shown(step, came) for step, came in zip(field.steps, arriving, strict=False))


def _column(plan: TablePlan, column: WireColumn) -> Column:
    wire = column.type.wire
    semantic = (wire.semantic or "").removeprefix(_SEMANTIC).rpartition(".")[2]
    back, lost = _back(plan, column.name)
    return Column(
        name=column.name,
        type=str(column.type),
        nullable=column.nullable,
        sent_as=f"{wire.connect} {semantic}" if semantic else wire.connect,
        large=column.large,
        dropped=column.name in plan.dropped,
        personal=column.name in hidden(plan),
        goes_to=tuple(
            f"{one.label}.{field.target.name}" if one.label else field.target.name
            for one in plan.targets
            for field in one.fields
            if column.name in field.inputs
        ),
        back=back,
        lost=lost,
    )


def _back(plan: TablePlan, name: str) -> tuple[str, str]:
    """What a source column comes back from, or why it does not: of the first target that has it."""
    for one in plan.targets:
        way = inverse.ways(one)[name]
        prefix = f"{one.label}." if one.label else ""
        if way.fields:
            return ", ".join(f"{prefix}{field.target.name}" for field in way.fields), ""
        if not way.lost:
            return f"the filter, which lets {way.constant} through alone", ""
        if any(name in field.inputs for field in one.fields):
            return "", f"{prefix}{way.lost}"
    return "", inverse.ways(plan)[name].lost


def _select(plan: TablePlan) -> str:
    """Over several lines; for people and for `psql`."""
    listed = ",\n".join(
        f"  {column.select}" if column.select == quote(column.name) else f"  {column.select} AS {quote(column.name)}"
        for column in plan.used
    )
    table = ".".join(map(quote, plan.source_table.split(".", 1)))
    where = f"\nWHERE {plan.where_sql}" if plan.where else ""
    return f"SELECT\n{listed}\nFROM {table}{where}"


def _about(text: str) -> str:
    """The comment at the top of the document, without what is for editors."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        told = line.lstrip("#").strip()
        lines += [] if told.startswith("yaml-language-server:") else [told]
    return " ".join(lines).strip()
