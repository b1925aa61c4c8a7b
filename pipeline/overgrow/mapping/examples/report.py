"""What became of the examples: results, differences field by field, and the whole as one document.

Guarantees: plain values; what is shown is what was compared. Never prints. Made by `running` and `golden`; read by
`overgrow test`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from overgrow.mapping.interpret import Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The row would be set aside: the field that could not be made (or stored), the columns it is made from, why."""

    field: str
    column: str
    cause: str


_WIDTH, _BEFORE = 120, 20  # characters shown of a long value, and of what two of them have in common before
Outcome = Mapping[str, str | None] | Literal[Outside.OUTSIDE] | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One line of a comparison: a field with what was expected and what was found, None for NULL."""

    field: str
    expected: str | None
    found: str | None
    same: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One example: all its compared fields, and what else is wrong with it, as sentences."""

    mapping: str
    name: str
    file: str
    line: int
    outcome: Outcome
    also: Mapping[str, Outcome] = field(default_factory=dict)  # of further targets, by label
    fields: tuple[Difference, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.faults and all(one.same for one in self.fields)

    def describe(self) -> dict[str, Any]:
        """As plain values."""
        lines = [{"field": o.field, "expected": o.expected, "found": o.found, "same": o.same} for o in self.fields]
        return {
            "mapping": self.mapping,
            "name": self.name,
            "file": self.file,
            "line": self.line,
            "passed": self.passed,
            "fields": lines,
            "faults": list(self.faults),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How far the examples of one mapping reach: the target columns that some example expects, and the others."""

    mapping: str
    file: str
    expected: tuple[str, ...]
    unexpected: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All examples that were run."""

    results: tuple[Result, ...]
    coverage: tuple[Covered, ...]

    @property
    def failed(self) -> tuple[Result, ...]:
        """The examples that are not as expected."""
        return tuple(one for one in self.results if not one.passed)

    def of(self, mapping: str) -> tuple[Result, ...]:
        """The results of one mapping."""
        return tuple(one for one in self.results if one.mapping == mapping)


def side_by_side(expected: str | None, found: str | None) -> tuple[str, str]:
    """Both as people read them: in Python's notation where the eye could be deceived, long ones near the difference."""
    alike = len({None if one is None else unicodedata.normalize("NFKC", one) for one in (expected, found)}) == 1
    if alike and expected != found:
        both = [ascii(expected), ascii(found)]
    else:
        both = ["NULL" if one is None else _quoted(one) for one in (expected, found)]
    if max(map(len, both)) > _WIDTH:
        common = next((at for at, pair in enumerate(zip(*both, strict=False)) if pair[0] != pair[1]), 0)
        start = max(0, common - _BEFORE)
        both = [_cut(one, start) for one in both]
    return both[0], both[1]


def _cut(text: str, start: int) -> str:
    end = start + _WIDTH
    return ("..." if start else "") + text[start:end] + ("..." if len(text) > end else "")


def _quoted(text: str) -> str:
    plain = text and text == text.strip() and text.isprintable() and text != "NULL"
    return text if plain else repr(text)
