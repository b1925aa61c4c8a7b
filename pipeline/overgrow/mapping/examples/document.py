"""An example file: rows as the legacy database prints them, and what the mapping shall make of each.

Guarantees: every problem at once with its line; an example that is read has a wire value for every column the mapping
uses, and expects only values its target columns can hold. Never runs a mapping. Called by `overgrow test`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from overgrow.envelope import SqlType, WireColumn
from overgrow.mapping import reading, tree
from overgrow.mapping.examples import values
from overgrow.mapping.interpret import OUTSIDE, Outside
from overgrow.mapping.plan import TablePlan
from overgrow.mapping.problems import Problems, suggestion
from overgrow.mapping.tree import Map, Node, Scalar, Sequence

FILTER = "where"  # the field that an error in the mapping's filter names


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedError:
    """The row is set aside because of this field, with a cause that holds these words."""

    field: str
    says: str


Expectation = Mapping[str, str | None] | Literal[Outside.OUTSIDE] | ExpectedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example: `row` holds wire values in the order of the mapping's columns."""

    name: str
    line: int
    row: Mapping[str, Any]
    expect: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFile:
    """The examples of one mapping."""

    mapping: str
    file: str
    examples: tuple[Example, ...]


def read(text: str, problems: Problems, plan: TablePlan) -> ExampleFile | None:
    """Read the example file of a mapping; None when there is a problem."""
    before = len(problems.found)
    top = tree.load(text, problems)
    if top is None:
        return None
    found = reading.entries(top, problems, what="an example file")
    reading.known(found, ("mapping", "defaults", "examples"), problems, what="an example file")
    node = reading.required(found, "mapping", problems, line=top.line, what="an example file")
    named = reading.scalar(node, problems, what="mapping")
    if named is not None and named.text != plan.mapping:
        problems.add(named.line, "wrong-mapping", f"the file is read for {plan.mapping}, it says {named.text}")
    reader = _Reader(plan, problems)
    defaults = found["defaults"][1] if "defaults" in found else None
    listed = reading.required(found, "examples", problems, line=top.line, what="an example file")
    examples = reader.examples(listed, reader.columns(defaults, what="defaults"))
    if len(problems.found) > before:
        return None
    return ExampleFile(mapping=plan.mapping, file=problems.file, examples=tuple(examples))


class _Reader:
    """Reads the parts of one file against its plan."""

    def __init__(self, plan: TablePlan, problems: Problems) -> None:
        self._problems = problems
        self._columns: dict[str, WireColumn] = {column.name: column for column in plan.columns}
        self._used = tuple(column.name for column in plan.used)
        self._targets = {column.name: column for column in plan.target_columns}

    def examples(self, node: Node | None, defaults: Mapping[str, Any]) -> list[Example]:
        """The list of examples; a name stands for one of them only."""
        if not isinstance(node, Sequence) or not node.items:
            if node is not None:
                message = "examples is a list, each as in - {name: ..., given: {...}, expect: {...}}"
                self._problems.add(node.line, "bad-shape", message)
            return []
        self._absent(node, defaults)
        names: dict[str, int] = {}
        made = []
        for item in node.items:
            one = self._example(item, defaults)
            if one is None:
                continue
            if one.name in names:
                message = f"example {one.name!r} is there twice, first in line {names[one.name]}"
                self._problems.add(one.line, "duplicate-example", message)
            names.setdefault(one.name, one.line)
            made.append(one)
        return made

    def columns(self, node: Node | None, *, what: str) -> dict[str, Any]:
        """Wire values by column; a value that is none is a problem and stands as None."""
        made: dict[str, Any] = {}
        for name, (key, value) in reading.entries(node, self._problems, what=what).items():
            if name not in self._columns:
                message = f"{what}: the source table has no column {name}{suggestion(name, self._columns)}"
                self._problems.add(key.line, "unknown-column", message)
            elif self._columns[name].used:
                made[name] = self._wire(self._columns[name], key, value)
        return made

    def _example(self, node: Node, defaults: Mapping[str, Any]) -> Example | None:
        found = reading.entries(node, self._problems, what="an example")
        if not found:
            if isinstance(node, Map):
                self._problems.add(node.line, "bad-shape", "an example has the keys name, given and expect")
            return None
        reading.known(found, ("name", "given", "expect"), self._problems, what="an example")
        parts = {
            key: reading.required(found, key, self._problems, line=node.line, what="an example")
            for key in ("name", "given", "expect")
        }
        name = reading.scalar(parts["name"], self._problems, what="name")
        given = self.columns(parts["given"], what="given")
        row = {**defaults, **given}
        if isinstance(parts["given"], Map):
            self._complete(row, found["given"][0].line)
        expect = self._expectation(parts["expect"])
        if name is None or expect is None or not self._named(name):
            return None
        return Example(
            name=name.text, line=name.line, row={one: row[one] for one in self._used if one in row}, expect=expect
        )

    def _absent(self, node: Sequence, defaults: Mapping[str, Any]) -> None:
        """Note once the columns that not one of several examples gives."""
        maps = [item for item in node.items if isinstance(item, Map)]
        given = {name for item in maps for key, inside in item.entries if key.text == "given" for name in _keys(inside)}
        missing = [name for name in self._used if name not in defaults and name not in given]
        if missing and len(maps) > 1:
            self._problems.add(
                node.line, "missing-column", f"no example gives {', '.join(missing)}; one value for all: under defaults"
            )
            self._used = tuple(name for name in self._used if name not in missing)

    def _named(self, name: Scalar) -> bool:
        if name.text.strip() and name.text.isprintable():
            return True
        self._problems.add(name.line, "bad-value", f"name is one line of text, not {name.text!r}")
        return False

    def _complete(self, row: Mapping[str, Any], line: int) -> None:
        missing = [name for name in self._used if name not in row]
        if missing:
            self._problems.add(
                line, "missing-column", f"given has no {', '.join(missing)}; one value for all examples: under defaults"
            )

    def _wire(self, column: WireColumn, key: Scalar, node: Node) -> Any:  # noqa: ANN401 - one Python type per SQL type
        text = self._text(key, node)
        if text is None and not column.nullable and _is_null(node):
            self._problems.add(key.line, "bad-value", f"{key.text} is never NULL in the source table")
        return None if text is None else self._parsed(text, column.type, key)

    def _parsed(self, text: str, of: SqlType | None, key: Scalar) -> Any:  # noqa: ANN401 - as above
        try:
            return text if of is None else values.parse(text, of)
        except ValueError as error:
            self._problems.add(key.line, "bad-value", f"{key.text}: {error}")
            return None

    def _text(self, key: Scalar, node: Node) -> str | None:
        """A value's text; None for NULL, and for what is no value."""
        if not isinstance(node, Scalar):
            self._problems.add(node.line, "bad-value", f"{key.text} is a single value; put JSON into single quotes")
        elif node.plain and node.text in {"", "~"}:
            message = f"{key.text}: write null for NULL, or {f'{node.text!r}'} for that text"
            self._problems.add(node.line, "bad-value", message)
        elif not _is_null(node):
            return node.text
        return None

    def _expectation(self, node: Node | None) -> Expectation | None:
        if isinstance(node, Scalar) and node.text == "outside":
            return OUTSIDE
        if isinstance(node, Map) and node.keys() == ["error"] and isinstance(node.entries[0][1], Map):
            return self._error(node.entries[0][1])
        if isinstance(node, Map) and node.entries:
            return self._row(node)
        if node is not None:
            message = "expect is a row of target columns, the word outside, or {error: {field: ..., says: ...}}"
            self._problems.add(node.line, "bad-shape", message)
        return None

    def _error(self, node: Map) -> ExpectedError | None:
        found = reading.entries(node, self._problems, what="error")
        reading.known(found, ("field", "says"), self._problems, what="error")
        parts = [
            reading.scalar(
                reading.required(found, name, self._problems, line=node.line, what="error"), self._problems, what=name
            )
            for name in ("field", "says")
        ]
        field, says = parts
        if field is None or says is None or not (field.text == FILTER or self._is_target(field)):
            return None
        return ExpectedError(field=field.text, says=says.text)

    def _row(self, node: Map) -> Expectation:
        made: dict[str, str | None] = {}
        for name, (key, value) in reading.entries(node, self._problems, what="expect").items():
            if self._is_target(key):
                made[name] = self._text(key, value)
                if made[name] is not None:
                    self._parsed(made[name] or "", self._targets[name].type, key)
        return made

    def _is_target(self, key: Scalar) -> bool:
        if key.text in self._targets:
            return True
        message = f"expect: the mapping writes no column {key.text}{suggestion(key.text, self._targets)}"
        self._problems.add(key.line, "unknown-field", message)
        return False


def _keys(node: Node) -> list[str]:
    return node.keys() if isinstance(node, Map) else []


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text == "null"
