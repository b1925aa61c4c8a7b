"""From two unequal rows to a named difference. Pure.

Guarantees: the kind follows from what was read in one snapshot of each side; no time, no retry, no guess. A row whose
last writer the source snapshot does not see is undecided: the target is ahead there. Called by the comparison for each
row that is not equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from overgrow.mapping import TablePlan
from overgrow.reconcile.transactions import Transactions
from overgrow.reconcile.verdict import ColumnDifference, Difference, Kind

STAMP, SOURCE_KEY = "_og_off", "_og_key"
_ONE_SIDED: Mapping[bool, tuple[Kind, str]] = {
    True: ("missing", "the source row has no target row"),
    False: ("extra", "no source row maps to this target row"),
}


class Unequal(NamedTuple):
    """One row of the full join that is not equal on both sides; values as the target prints them.

    `source_key` is what the source row says, `stored_key` what the target row says (None where it stores none).
    """

    in_source: bool
    in_target: bool
    key: Sequence[str | None]
    source_key: str | None
    stored_key: str | None
    cause: str | None
    collides: bool
    stamp: int | None
    writer: int | None
    buried_by: int | None
    differs: Sequence[bool]
    expected: Sequence[str | None]
    actual: Sequence[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Names the differences of one mapping. `letters`: cause of the open dead letter of a source key."""

    plan: TablePlan
    keyed: bool
    horizon: int
    letters: Mapping[str, str]
    transactions: Transactions

    def ahead(self, row: Unequal) -> bool:
        """Whether the target shows a transaction that the source snapshot does not."""
        return not self.transactions.sees(row.writer if row.in_target else row.buried_by)

    def difference(self, row: Unequal) -> Difference:
        """The named difference."""
        kind, cause = self._kind(row)
        return Difference(
            kind=kind,
            mapping=self.plan.mapping,
            source_table=self.plan.source_table,
            target_table=self.plan.target_table,
            key={name: value for name, value in zip(self.plan.target_key, row.key, strict=True) if value is not None},
            source_key=row.source_key or row.stored_key,
            columns=self._columns(row),
            cause=cause,
        )

    def _kind(self, row: Unequal) -> tuple[Kind, str]:
        letter = self.letters.get(row.source_key or row.stored_key or "")
        if row.collides:
            return "collision", f"several source rows map to this target key; it belongs to {row.stored_key or 'none'}"
        if letter is not None:
            return "set_aside", letter
        if row.cause is not None:
            return "untranslatable", row.cause
        if not (row.in_target and row.in_source):
            return _ONE_SIDED[row.in_source]
        if any(row.differs) or self._wrong_key(row):
            return "field_mismatch", "the target row is not what the mapping gives"
        return "metadata", "the stamp lies at or beyond everything that was applied"

    def _columns(self, row: Unequal) -> tuple[ColumnDifference, ...]:
        if not (row.in_source and row.in_target) or row.cause is not None:
            return ()
        named = zip(self.plan.target_columns, row.differs, row.expected, row.actual, strict=True)
        found = [
            ColumnDifference(column=column.name, expected=expected, actual=actual)
            for column, differs, expected, actual in named
            if differs
        ]
        if self._wrong_key(row):
            found.append(ColumnDifference(column=SOURCE_KEY, expected=row.source_key, actual=row.stored_key))
        if row.stamp is not None and row.stamp >= self.horizon:
            found.append(ColumnDifference(column=STAMP, expected=f"below {self.horizon}", actual=str(row.stamp)))
        return tuple(found)

    def _wrong_key(self, row: Unequal) -> bool:
        return self.keyed and row.stored_key != row.source_key
