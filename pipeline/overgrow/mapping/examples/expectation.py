"""What an example expects of its row: a target row, that it is left out, or that it is set aside.

Guarantees: names only columns that the mapping writes, and values they can hold. Never raises: what is wrong is a
problem at its line. Called by the reader of example files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from overgrow.mapping import reading
from overgrow.mapping.examples import cells
from overgrow.mapping.interpret import OUTSIDE, Outside
from overgrow.mapping.plan import TablePlan, TargetColumn
from overgrow.mapping.problems import Problems, suggestion
from overgrow.mapping.tree import Map, Node, Scalar

FILTER = "where"  # the field that an error in the mapping's filter names
_SHAPE = "a row of target columns, the word outside, or {error: {field: ..., says: ...}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedError:
    """The row is set aside because of this field (`label.field` of a further target), with a cause of these words."""

    field: str
    says: str


Row = Mapping[str, str | None] | Literal[Outside.OUTSIDE]
Expectation = Row | ExpectedError


class ExpectationReader:
    """Reads expectations of one mapping."""

    def __init__(self, plan: TablePlan, problems: Problems) -> None:
        self._problems = problems
        self._targets: dict[str, dict[str, TargetColumn]] = {
            target.label: {column.name: column for column in target.target_columns} for target in plan.targets
        }

    def expect(self, node: Node | None) -> Expectation | None:
        """What is expected of the first target, or of the whole; None with the problem noted."""
        if isinstance(node, Map) and node.keys() == ["error"] and isinstance(node.entries[0][1], Map):
            return self._error(node.entries[0][1])
        return self._row(node, "", what="expect")

    def also(self, node: Node | None, expect: Expectation | None) -> dict[str, Row]:
        """What is expected of further targets, by label."""
        found = reading.entries(node, self._problems, what="also")
        reading.known(found, [label for label in self._targets if label], self._problems, what="also")
        if isinstance(expect, ExpectedError) and node is not None:
            self._problems.add(node.line, "bad-shape", "a row that is set aside is written nowhere: leave also out")
        rows = {
            label: self._row(inside, label, what=f"also {label}")
            for label, (_, inside) in found.items()
            if label in self._targets
        }
        return {label: row for label, row in rows.items() if row is not None}

    def _row(self, node: Node | None, label: str, *, what: str) -> Row | None:
        if isinstance(node, Scalar) and node.text == "outside":
            return OUTSIDE
        if not isinstance(node, Map) or not node.entries:
            if node is not None:
                shape = _SHAPE if not label else "a row of target columns, or the word outside"
                self._problems.add(node.line, "bad-shape", f"{what} is {shape}")
            return None
        columns = self._targets[label]
        made: dict[str, str | None] = {}
        for name, (key, value) in reading.entries(node, self._problems, what=what).items():
            if self._known(key, columns, what=what):
                made[name] = cells.text(key, value, self._problems)
                cells.wire(key, made[name], columns[name].type, self._problems)
        return made

    def _error(self, node: Map) -> ExpectedError | None:
        found = reading.entries(node, self._problems, what="error")
        reading.known(found, ("field", "says"), self._problems, what="error")
        field, says = (
            reading.scalar(
                reading.required(found, name, self._problems, line=node.line, what="error"), self._problems, what=name
            )
            for name in ("field", "says")
        )
        names = [qualified(label, name) for label, columns in self._targets.items() for name in (*columns, FILTER)]
        if field is None or says is None or not self._known(field, names, what="expect"):
            return None
        return ExpectedError(field=field.text, says=says.text)

    def _known(self, key: Scalar, names: Mapping[str, object] | list[str], *, what: str) -> bool:
        if key.text in names:
            return True
        message = f"{what}: the mapping writes no column {key.text}{suggestion(key.text, names)}"
        self._problems.add(key.line, "unknown-field", message)
        return False


def qualified(label: str, name: str) -> str:
    """A field's name, with the label of a further target."""
    return f"{label}.{name}" if label else name
