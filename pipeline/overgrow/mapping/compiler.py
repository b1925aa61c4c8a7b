"""A mapping document to a plan: every name looked up, every type followed from column to column.

Guarantees: either a plan that passed every check, or all the problems of the document at once; one mistake is one
problem. Never reads a file. Called by the project loader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from overgrow.envelope import SqlType, WireColumn
from overgrow.mapping import bounds, copytext, filters, fits, keys, nullable, render, toast, words
from overgrow.mapping.catalogue import SourceColumn, SourceTable, unreadable
from overgrow.mapping.ddl import TargetTable
from overgrow.mapping.document import AlsoDocument, ConditionDocument, FieldDocument, MappingDocument
from overgrow.mapping.filters import Condition, Filter
from overgrow.mapping.fits import Misfit
from overgrow.mapping.plan import Field, TablePlan, TargetColumn
from overgrow.mapping.problems import Problems, nearest, suggestion
from overgrow.mapping.translators import Translator
from overgrow.mapping.tree import Scalar
from overgrow.mapping.words.codes import Codes
from overgrow.mapping.words.nulls import Default, Required
from overgrow.mapping.words.personal import Hmac, Token
from overgrow.mapping.words.step import TEXT, Step
from overgrow.mapping.words.translate import Translate
from overgrow.mapping.words.word import Outside, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a mapping is compiled against."""

    context: str
    translators: Mapping[str, Translator]
    source: SourceTable
    target: TargetTable
    text: str
    also: Mapping[str, TargetTable] = field(default_factory=dict)  # by label
    outside: Outside = field(default_factory=Outside)


def compile_mapping(document: MappingDocument, around: Surroundings, problems: Problems) -> TablePlan | None:
    """Compile one mapping; None when anything was found wrong with its file."""
    first = _Compiler(document, around, around.target, problems)
    others = [
        (one, _Compiler(_view(document, one), around, around.also[one.label.text], problems, beside=first))
        for one in document.also
    ]
    fields, where = first.fields(), first.filter()
    more = [(one, compiler.fields(), compiler.filter()) for one, compiler in others]
    first.columns_accounted()
    for compiler in (first, *(compiler for _, compiler in others)):
        compiler.target_filled()
    columns = first.wire_columns()
    keys.check_source(document, around.source, problems)
    keys.check_target(document, around.source, around.target, fields, problems)
    for (one, compiler), (_, its, _) in zip(others, more, strict=True):
        keys.check_target(compiler.document, around.source, around.also[one.label.text], its, problems)
    toast.check(document, around.source, problems)
    if problems.found:
        return None
    plan = TablePlan(
        mapping=document.name.text,
        version=document.version,
        digest=_digest(around),
        context=around.context,
        file=problems.file,
        source_table=around.source.table,
        source_key=tuple(part.text for part in document.source.key),
        replica_identity=around.source.replica_identity,
        columns=columns,
        dropped=tuple(part.text for part in document.drop),
        target_table=around.target.table,
        target_key=tuple(part.text for part in document.target.key),
        fields=tuple(fields),
        where=where,
        policies=document.policies,
        key_identity=keys.is_identity(_key_fields(document, fields), around.source.key),
    )
    also = [
        replace(
            plan,
            label=one.label.text,
            target_table=around.also[one.label.text].table,
            target_key=tuple(part.text for part in one.target.key),
            fields=tuple(its),
            where=where.and_also(its_where),
            key_identity=keys.is_identity(_key_fields(one, its), around.source.key),
        )
        for one, its, its_where in more
    ]
    return _sharing(replace(plan, also=tuple(also)), document, problems)


def _view(document: MappingDocument, one: AlsoDocument) -> MappingDocument:
    """The mapping as a further target sees it."""
    return replace(
        document,
        target=one.target,
        fields_line=one.fields_line,
        fields=list(one.fields),
        where=[list(group) for group in one.where],
        also=[],
    )


def _key_fields(document: MappingDocument | AlsoDocument, fields: list[Field]) -> list[Field]:
    by_name = {one.target.name: one for one in fields}
    return [by_name[part.text] for part in document.target.key]


def _sharing(plan: TablePlan, document: MappingDocument, problems: Problems) -> TablePlan | None:
    """Two targets may write one table only where a constant in the key says whose row it is."""
    lines = [document.target.line, *(one.target.line for one in document.also)]
    shared = set()
    for number, one in enumerate(plan.targets):
        for before, other in enumerate(plan.targets[:number]):
            if one.target_table != other.target_table:
                continue
            shared |= {number, before}
            apart = one.fixed_key.keys() & other.fixed_key.keys()
            if all(one.fixed_key[name] == other.fixed_key[name] for name in apart):
                message = (
                    f"{one.name} and {other.name} write the same rows of {one.target_table}: give a column of its key "
                    "another constant in each"
                )
                problems.add(lines[number], "overlapping-targets", message)
    if problems.found:
        return None
    found = [replace(one, shared=number in shared) for number, one in enumerate(plan.targets)]
    return replace(found[0], also=tuple(found[1:]))


def _printed(value: Any, steps: list[Step], yields: SqlType) -> None:  # noqa: ANN401 - each step states its own
    """Translate a value and print it for COPY; ValueError says why that cannot be done."""
    for step in steps:
        if value is None and not step.sees_null:
            continue
        value, yields = step.apply((value,) if step.takes_row else value), step.yields
    if value is not None:
        copytext.escape(render.RENDER[yields.wire.kind](value))


def _digest(around: Surroundings) -> str:
    """Of the mapping's text and of every file it has read."""
    read = [f"\0{name}\0{text}" for name, text in sorted(around.outside.files.items())]
    return hashlib.sha256("".join([around.text, *read]).encode()).hexdigest()


class _Compiler:
    """One target. `beside`: the mapping's first one; all of them account for the source's columns together."""

    def __init__(
        self,
        document: MappingDocument,
        around: Surroundings,
        target: TargetTable,
        problems: Problems,
        *,
        beside: _Compiler | None = None,
    ) -> None:
        self.document = document
        self._source = around.source
        self._target = target
        self._translators = around.translators
        self._outside = around.outside
        self._problems = problems
        self._dropped = {part.text for part in document.drop}
        # Source columns, also those a misspelt name seems to mean.
        self._mentioned: set[str] = set() if beside is None else beside._mentioned  # noqa: SLF001 - its own class
        self._filled: set[str] = set()  # target columns, likewise
        self._present: frozenset[str] = nullable.present(document.where) | (beside._present if beside else frozenset())  # noqa: SLF001

    def fields(self) -> list[Field]:
        return [one for one in map(self._field, self.document.fields) if one is not None]

    def _field(self, document: FieldDocument) -> Field | None:
        target = self._target_column(document.name)
        if document.constant is not None:
            return None if target is None else self._constant(document.constant, target)
        columns = [self._column(name) for name in document.inputs]
        inputs = [column for column in columns if column is not None]
        types = [column.type for column in inputs if column.type is not None]
        if not types or len(types) != len(columns):
            return None
        chain = self._chain(document, types)
        if chain is None or target is None or not self._defaults_pass(document, chain):
            return None
        yields = chain[-1].yields if chain else types[0]
        found = filter(None, (self._misfit(chain, types, target), self._null(inputs, chain, target)))
        if misfits := list(found):
            for one in misfits:
                self._problems.add(document.name.line, one.code, f"field {document.name.text}: {one.why}")
            return None
        names = tuple(column.name for column in inputs)
        return Field(target=target, inputs=names, steps=tuple(chain), yields=yields)

    def _defaults_pass(self, document: FieldDocument, chain: list[Step]) -> bool:
        """A default goes through the steps behind it, as any value does; one that cannot would fail for every NULL."""
        for number, step in enumerate(chain):
            rest = chain[number + 1 :]
            if not isinstance(step, Default) or any(isinstance(one, (Hmac, Token, Translate)) for one in rest):
                continue  # keys and translators are for rows
            try:
                _printed(step.value, rest, step.yields)
            except (ValueError, TypeError) as error:
                line = document.steps[number].word.line
                self._problems.add(line, "bad-literal", f"field {document.name.text}: default: {str(error)[:200]}")
                return False
        return True

    def _constant(self, constant: Scalar, target: TargetColumn) -> Field | None:
        if why := fits.constant(constant.text, target):
            self._problems.add(constant.line, "type-mismatch", f"field {target.name}: {why}")
            return None
        return Field(target=target, inputs=(), steps=(), yields=TEXT, constant=constant.text)

    def _chain(self, document: FieldDocument, types: list[SqlType]) -> list[Step] | None:
        first = document.steps[0].word.text if document.steps else ""
        if len(types) > 1 and not words.takes_several(first, self._translators):
            self._no_word_for_several(document, types)
            return None
        chain: list[Step] = []
        arriving = tuple(types)
        for one in document.steps:
            place = Place(
                step=one,
                arriving=arriving[0],
                all_arriving=arriving,
                problems=self._problems,
                outside=self._outside,
            )
            step = words.build(place, self._translators)
            if step is None:
                return None
            chain.append(step)
            arriving = (step.yields,)
        return chain

    def _no_word_for_several(self, document: FieldDocument, types: list[SqlType]) -> None:
        first = document.steps[0] if document.steps else None
        if first is not None and first.word.text not in words.WORDS:
            place = Place(step=first, arriving=types[0], problems=self._problems)
            words.unknown(place, self._translators)
        else:
            message = (
                f"field {document.name.text}: several columns need join, nest, uuid5 or a translator as first step"
            )
            self._problems.add(document.name.line, "translator-inputs", message)

    @staticmethod
    def _misfit(chain: list[Step], types: list[SqlType], target: TargetColumn) -> Misfit | None:
        at = max((number for number, step in enumerate(chain) if not isinstance(step, (Default, Required))), default=0)
        core = chain[at] if chain else None
        if isinstance(core, Codes) and core.word != "bool":
            defaults = [step.value for step in chain[at:] if isinstance(step, Default)]
            # The meanings are all known: each may be a literal of the column's type, whatever that is.
            known = [meaning for _, meaning in core.pairs] + defaults
            known += [core.otherwise] if core.otherwise is not None else []
            why = next((why for text in known if (why := fits.constant(text, target))), "")
            return Misfit(code="type-mismatch", why=why) if why else None
        yields = chain[-1].yields if chain else types[0]
        return fits.written(yields, bounds.of_steps(types, chain), target)

    def _null(self, inputs: list[SourceColumn], chain: list[Step], target: TargetColumn) -> Misfit | None:
        key = target.name in {part.text for part in self.document.target.key}
        cause = nullable.cause(inputs, chain, self._present) if key or not target.nullable else ""
        if not cause:
            return None
        default = (chain[-1].yields if chain else inputs[0].type or TEXT).wire.kind in words.WORDS["default"].takes
        fix = "`required` (a NULL is then a dead letter)" + (" or {default: VALUE}" if default else "")
        held = "is of the key" if key else "is NOT NULL"
        why = f"column {target.name} of {self._target.table} {held}, but {cause}; end with {fix}"
        return Misfit(code="may-be-null", why=why)

    def filter(self) -> Filter:
        groups = (tuple(filter(None, map(self._condition, group))) for group in self.document.where)
        return Filter(groups=tuple(groups))

    def _condition(self, document: ConditionDocument) -> Condition | None:
        column = self._column(document.column)
        return (
            None if column is None or column.type is None else filters.condition(document, column.type, self._problems)
        )

    def _column(self, name: Scalar) -> SourceColumn | None:
        column = self._source.columns.get(name.text)
        if column is None:
            hint = suggestion(name.text, self._source.columns)
            self._problems.add(name.line, "unknown-column", f"{self._source.table} has no column {name.text}{hint}")
            self._mentioned.add(nearest(name.text, self._source.columns) or "")
            return None
        if unreadable(name.text) and name.text not in self._mentioned:
            message = "a name with a double quote, a backslash or a control character cannot be read from an event"
            self._problems.add(
                name.line, "unsupported-name", f"column {name.text!r} of {self._source.table}: {message}"
            )
        if column.type is None and name.text not in self._mentioned:
            message = f"column {name.text} of {self._source.table} has type {column.type_text}"
            self._problems.add(name.line, "unsupported-type", f"{message}, which this version cannot carry")
        self._mentioned.add(name.text)
        return column

    def _target_column(self, name: Scalar) -> TargetColumn | None:
        self._filled.add(name.text)
        if name.text.startswith("_og_"):
            self._problems.add(name.line, "reserved-name", f"field {name.text}: names with _og_ are overgrow's own")
            return None
        column = self._target.columns.get(name.text)
        if column is None:
            hint = suggestion(name.text, self._target.columns)
            self._problems.add(
                name.line, "unknown-target-column", f"{self._target.table} has no column {name.text}{hint}"
            )
            self._filled.add(nearest(name.text, self._target.columns) or "")
        return column

    def columns_accounted(self) -> None:
        """Every source column is mapped or dropped by name, and not both."""
        for part in self.document.drop:
            if part.text not in self._source.columns:
                hint = suggestion(part.text, self._source.columns)
                message = f"drop: {self._source.table} has no column {part.text}{hint}"
                self._problems.add(part.line, "unknown-column", message)
                self._mentioned.add(nearest(part.text, self._source.columns) or "")
            elif part.text in self._mentioned:
                self._problems.add(part.line, "dropped-and-used", f"column {part.text} is dropped and used")
        key = set(self._source.key)  # a key column that is not mapped is not covered, which is noted there
        for name in self._source.columns:
            if name not in self._mentioned | self._dropped | key:
                message = f"column {name} of {self._source.table} is neither mapped nor dropped"
                self._problems.add(self.document.fields_line, "unmapped-column", message)

    def target_filled(self) -> None:
        """A target column that cannot be NULL has a field or a default."""
        key = {part.text for part in self.document.target.key} | set(self._target.key)
        for column in self._target.columns.values():
            if column.name not in self._filled | key and not (column.nullable or column.default):
                message = f"column {column.name} of {self._target.table} is NOT NULL and has neither field nor default"
                self._problems.add(self.document.fields_line, "target-not-null", message)

    def wire_columns(self) -> tuple[WireColumn, ...]:
        """The source columns as the decoder meets them: the used ones, and those it must know to skip."""
        large = toast.large(self._source)
        return tuple(
            WireColumn(
                name=column.name,
                type=column.type or TEXT,  # only a dropped column can be of an unknown type
                nullable=column.nullable,
                used=column.name in self._mentioned,
                key=column.name in self._source.key,
                large=column.name in large,
            )
            for column in self._source.columns.values()
        )
