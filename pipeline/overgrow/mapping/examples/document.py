"""An example file: rows as the legacy database prints them, and what the mapping shall make of each.

Guarantees: every problem at once with its line; an example that is read has a wire value for every column the mapping
uses, and expects only values its target columns can hold. Never runs a mapping. Called by `overgrow test`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from overgrow.envelope import WireColumn
from overgrow.mapping import reading, tree
from overgrow.mapping.examples import cells
from overgrow.mapping.examples.expectation import Expectation, ExpectationReader, Row
from overgrow.mapping.plan import TablePlan
from overgrow.mapping.problems import Problems, suggestion
from overgrow.mapping.tree import Map, Node, Scalar, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example: `row` holds wire values in the order of the mapping's columns; `also` is by further target."""

    name: str
    line: int
    row: Mapping[str, Any]
    expect: Expectation
    also: Mapping[str, Row] = field(default_factory=dict)


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
        self._expectations = ExpectationReader(plan, problems)

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
        reading.known(found, ("name", "given", "expect", "also"), self._problems, what="an example")
        parts = {
            key: reading.required(found, key, self._problems, line=node.line, what="an example")
            for key in ("name", "given", "expect")
        }
        name = reading.scalar(parts["name"], self._problems, what="name")
        given = self.columns(parts["given"], what="given")
        row = {**defaults, **given}
        if isinstance(parts["given"], Map):
            self._complete(row, found["given"][0].line)
        expect = self._expectations.expect(parts["expect"])
        also = self._expectations.also(found["also"][1] if "also" in found else None, expect)
        if name is None or expect is None or not self._named(name):
            return None
        row = {one: row[one] for one in self._used if one in row}
        return Example(name=name.text, line=name.line, row=row, expect=expect, also=also)

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
        text = cells.text(key, node, self._problems)
        if not column.nullable and cells.is_null(node):
            self._problems.add(key.line, "bad-value", f"{key.text} is never NULL in the source table")
        return cells.wire(key, text, column.type, self._problems)


def _keys(node: Node) -> list[str]:
    return node.keys() if isinstance(node, Map) else []
