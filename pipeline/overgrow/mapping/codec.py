"""The row codec: everything the hot path does with the rows of one mapping, generated from its plan.

Guarantees: `line` is the COPY line of what the interpreter gives for the same row; a partial line never holds a
placeholder. Never sees a driver or a clock. Called by the apply engine for each winner of a batch, and by `verify`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from overgrow import errors
from overgrow.envelope import WireColumn
from overgrow.mapping import codegen, interpret, plan

_BITS = {"int16": 16, "int32": 32, "int64": 64}
_encode = msgspec.json.Encoder().encode


class RowCodec:
    """The generated functions of one plan."""

    def __init__(self, table: plan.TablePlan, *, placeholder: str) -> None:
        self.plan = table
        self.columns: tuple[WireColumn, ...] = table.columns
        self.target_columns: tuple[str, ...] = plan.names(table.target_columns)
        self._row_attributes = codegen.attributes(table.used)
        self.row_type = _struct("Row", table.used, self._row_attributes)
        self.key_type = _struct("Key", table.key_columns, codegen.attributes(table.key_columns))
        text = codegen.RowFunction.of_row(table, frozenset())
        self.source = text.source
        self.line: Callable[[Any], str | None] = text.compiled()
        self._partial: dict[frozenset[str], Callable[[Any], str | None]] = {frozenset(): self.line}
        key = codegen.RowFunction.of_key(table)
        self.source += "\n\n" + key.source.replace("def line", "def target_key")
        self.target_key: Callable[[Any], str] = key.compiled()
        # The source columns that carry the placeholder of an unchanged large value.
        self.absent: Callable[[Any], frozenset[str]] = codegen.absent(table.used, placeholder)
        # The canonical source key: a JSON array of the key's values in the mapping's order.
        self.key_text: Callable[[Any], str] = _key_text(table.key_columns)
        # Of the further targets; they read the same row struct, for all plans of a mapping name the same columns.
        self.also: tuple[RowCodec, ...] = tuple(RowCodec(one, placeholder=placeholder) for one in table.also)

    def present(self, absent: frozenset[str]) -> tuple[str, ...]:
        """The target columns that can still be computed, in the order of a line."""
        return tuple(one.target.name for one in self.plan.fields if not absent.intersection(one.inputs))

    def partial_line(self, after: Any, absent: frozenset[str]) -> str | None:  # noqa: ANN401 - the generated row struct
        r"""As `line`, with `\N` in the places of the columns that are not present."""
        function = self._partial.get(absent)
        if function is None:
            self._refuse_filter(absent)
            function = self._partial[absent] = codegen.RowFunction.of_row(self.plan, absent).compiled()
        return function(after)

    def explain(self, after: Any) -> errors.TranslationError:  # noqa: ANN401 - the generated row struct
        """Find by the interpreter why `line` or `partial_line` failed."""
        absent = self.absent(after)
        row = {
            name: getattr(after, attribute) for name, attribute in self._row_attributes.items() if name not in absent
        }
        return self.explain_row(row)

    def explain_row(self, row: Mapping[str, Any]) -> errors.TranslationError:
        """As `explain`, from the wire values by column."""
        try:
            interpret.interpret(self.plan, row)
        except errors.TranslationError as error:
            return error
        raise RuntimeError(f"mapping {self.plan.mapping}: the generated code failed where the interpreter does not")

    def source_select(self) -> str:
        """The SQL list of expressions that read the wire values of a row, in the order of `row_type`."""
        return ", ".join(column.select for column in self.plan.used)

    def _refuse_filter(self, absent: frozenset[str]) -> None:
        filtered = sorted(absent & self.plan.where.columns)
        if filtered:
            raise RuntimeError(f"mapping {self.plan.mapping}: the filter needs {filtered}, which the event left out")


def _struct(name: str, columns: Iterable[WireColumn], attributes: Mapping[str, str]) -> type[msgspec.Struct]:
    """All fields required: a column that is missing on the wire is an error, never NULL."""
    fields = [(attributes[column.name], _python(column)) for column in columns]
    return msgspec.defstruct(name, fields, gc=False, rename={new: old for old, new in attributes.items()})


def _python(column: WireColumn) -> Any:  # noqa: ANN401 - a type form
    wire = column.type.wire
    form: Any = wire.python if isinstance(wire.python, type) else wire.python[0] | wire.python[1]
    if wire.connect in _BITS:
        half = 2 ** (_BITS[wire.connect] - 1)
        form = Annotated[int, msgspec.Meta(ge=-half, le=half - 1)]
    return form | None if column.nullable else form


def _key_text(columns: tuple[WireColumn, ...]) -> Callable[[Any], str]:
    values = attrgetter(*codegen.attributes(columns).values())
    if len(columns) > 1:
        return lambda key: _encode(values(key)).decode()
    if columns[0].type.wire.python is int:
        return lambda key: f"[{values(key)}]"
    return lambda key: _encode([values(key)]).decode()
