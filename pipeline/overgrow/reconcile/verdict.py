"""What a complete comparison found. Frozen, pure; printed by the command line, read by the demo.

A difference is listed only where it is proved: the target had applied everything the source snapshot shows, and
nothing newer. Otherwise the row is `undecided`, counted and not listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 1
Verdict = Literal["equal", "different", "undecided"]
Kind = Literal[
    "missing",  # a source row inside the filter has no target row
    "extra",  # a target row comes from no source row
    "field_mismatch",  # a column, or the stored source key, is not what the mapping gives
    "metadata",  # the row's stamp lies beyond everything applied
    "collision",  # two source rows map to one target key
    "untranslatable",  # the mapping fails on the row, and no open dead letter says so
    "set_aside",  # an open dead letter holds the row's newest change
]
KINDS: tuple[Kind, ...] = (
    "missing",
    "extra",
    "field_mismatch",
    "metadata",
    "collision",
    "untranslatable",
    "set_aside",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDifference:
    """One column: what the mapping gives for the source row, what the target holds; NULL is None."""

    column: str
    expected: str | None
    actual: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that differs. `key` is the target key; empty if the row's key does not translate."""

    kind: Kind
    mapping: str
    source_table: str
    target_table: str
    key: Mapping[str, str]
    source_key: str | None
    columns: Sequence[ColumnDifference]
    cause: str

    def document(self, *, values: bool) -> dict[str, Any]:
        """As JSON; without `values` only names and counts leave the databases."""
        columns = [
            {"column": one.column, **({"expected": one.expected, "actual": one.actual} if values else {})}
            for one in self.columns
        ]
        return {
            "kind": self.kind,
            "mapping": self.mapping,
            "source_table": self.source_table,
            "target_table": self.target_table,
            "key": dict(self.key),
            "source_key": self.source_key,
            "columns": columns,
            "cause": self.cause,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A row that has never been seen equal and is not proved to differ."""

    mapping: str
    target_table: str
    key: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"mapping": self.mapping, "target_table": self.target_table, "key": dict(self.key)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One mapping, counted in rows: `in_filter` = equal + what is not and has a source row inside the filter.

    `quiet`: nothing was written to the source table between the two snapshots. `undecided`: rows that have never been
    seen equal, though none of them is proved to differ.
    """

    mapping: str
    source_table: str
    target_table: str
    quiet: bool
    source_rows: int
    in_filter: int
    target_rows: int
    equal: int
    undecided: int
    counts: Mapping[Kind, int]

    @property
    def differing(self) -> int:
        """Rows proved to differ."""
        return sum(self.counts.values())

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "mapping": self.mapping,
            "source_table": self.source_table,
            "target_table": self.target_table,
            "quiet": self.quiet,
            "source_rows": self.source_rows,
            "in_filter": self.in_filter,
            "target_rows": self.target_rows,
            "equal": self.equal,
            **{kind: self.counts.get(kind, 0) for kind in KINDS},
            "undecided": self.undecided,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A complete check of one pipeline. The lists hold the first rows, `differing` and `undecided` count them all."""

    pipeline: str
    rounds: int
    drain_seconds: float
    compare_seconds: float
    comparisons: Sequence[Comparison]
    differences: Sequence[Difference] = field(default_factory=tuple)
    undecided_rows: Sequence[Undecided] = field(default_factory=tuple)

    @property
    def quiet(self) -> bool:
        """Whether nothing was written to the source between the snapshots."""
        return all(one.quiet for one in self.comparisons)

    @property
    def differing(self) -> int:
        """Rows proved to differ, over all mappings."""
        return sum(one.differing for one in self.comparisons)

    @property
    def undecided(self) -> int:
        """Rows nothing can be said of."""
        return sum(one.undecided for one in self.comparisons)

    @property
    def verdict(self) -> Verdict:
        """A proved difference decides; otherwise an undecided row forbids `equal`."""
        if self.differing:
            return "different"
        return "undecided" if self.undecided else "equal"

    def document(self, *, values: bool) -> dict[str, Any]:
        """As JSON."""
        return {
            "schema_version": SCHEMA_VERSION,
            "pipeline": self.pipeline,
            "verdict": self.verdict,
            "source_quiet": self.quiet,
            "rounds": self.rounds,
            "drain_seconds": round(self.drain_seconds, 3),
            "compare_seconds": round(self.compare_seconds, 3),
            "mappings": [one.document() for one in self.comparisons],
            "differing": self.differing,
            "undecided": self.undecided,
            "differences": [one.document(values=values) for one in self.differences],
            "undecided_rows": [one.document() for one in self.undecided_rows],
        }
