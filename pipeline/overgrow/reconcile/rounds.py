"""What several rounds of comparison say together about one mapping. Pure.

In a quiet round every difference is real. While the source is being written only equality is conclusive: a row that
was equal in any round was equal (a row that neither side has is equal, so a new row was equal before); one that never
was is undecided. Called by `verify`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from overgrow.mapping import TablePlan
from overgrow.reconcile.judge import Unequal
from overgrow.reconcile.verdict import Comparison, Difference, Kind, Undecided

# So many differing keys are remembered from one round to the next; beyond, nothing is gained by looking again.
TRACKED_KEYS = 100_000
Key = tuple[str | None, ...]


@dataclass(slots=True, kw_only=True)
class Rows:
    """Rows by key, to whether there is a source row inside the filter; beyond `TRACKED_KEYS` they are only counted."""

    keys: dict[Key, bool] = field(default_factory=dict)
    others: int = 0
    others_in_source: int = 0

    def add(self, key: Key, *, in_source: bool) -> None:
        """One more."""
        if len(self.keys) < TRACKED_KEYS:
            self.keys[key] = in_source
        else:
            self.others += 1
            self.others_in_source += in_source

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.keys) + self.others

    @property
    def in_source(self) -> int:
        """Those with a source row inside the filter."""
        return sum(self.keys.values()) + self.others_in_source


@dataclass(slots=True, kw_only=True)
class Found:
    """What one round found in one mapping; `counts` and `differences` leave out the rows where the target is ahead."""

    source_rows: int
    in_filter: int
    target_rows: int
    equal: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    unequal: Rows = field(default_factory=Rows)
    ahead: Rows = field(default_factory=Rows)

    @property
    def overflow(self) -> bool:
        """Whether there are unequal rows whose keys are not kept."""
        return self.unequal.others > 0

    def track(self, row: Unequal, *, ahead: bool) -> None:
        """Remember an unequal row."""
        # A row whose key does not translate is known by its source key.
        key = (*row.key, row.source_key if None in row.key else None)
        self.unequal.add(key, in_source=row.in_source)
        if ahead:
            self.ahead.add(key, in_source=row.in_source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One mapping in one round; `quiet`: nothing was written to its source table between the two snapshots."""

    found: Found
    quiet: bool


@dataclass(frozen=True)
class MappingRounds:
    """One mapping in all rounds so far."""

    plan: TablePlan
    rounds: Sequence[Round]

    @property
    def last(self) -> Round:
        """The newest round."""
        return self.rounds[-1]

    @property
    def open(self) -> bool:
        """Whether another round could tell more."""
        return self._undecided().count > 0 and not self.last.found.overflow

    def comparison(self) -> Comparison:
        """The counts."""
        found, undecided = self.last.found, self._undecided()
        return Comparison(
            mapping=self.plan.name,
            source_table=self.plan.source_table,
            target_table=self.plan.target_table,
            quiet=self.last.quiet,
            source_rows=found.source_rows,
            in_filter=found.in_filter,
            target_rows=found.target_rows,
            equal=found.equal if self.last.quiet else found.in_filter - undecided.in_source,
            undecided=undecided.count,
            counts=dict(found.counts) if self.last.quiet else {},
        )

    def differences(self) -> Sequence[Difference]:
        """The proved ones that were kept."""
        return self.last.found.differences if self.last.quiet else ()

    def undecided_rows(self) -> Iterator[Undecided]:
        """The rows nothing can be said of, as far as their keys were kept."""
        for key in self._undecided().keys:
            named = zip(self.plan.target_key, key[:-1], strict=True)
            shown = {name: value for name, value in named if value is not None}
            yield Undecided(
                mapping=self.plan.mapping,
                target_table=self.plan.target_table,
                key=shown or {"source": str(key[-1])},
            )

    def _undecided(self) -> Rows:
        found = self.last.found
        if self.last.quiet:
            return found.ahead
        earlier = [one.found.unequal.keys for one in self.rounds[:-1] if not one.found.overflow]
        never_equal = {
            key: in_source
            for key, in_source in found.unequal.keys.items()
            if all(key in unequal for unequal in earlier)
        }
        # Whether a row without a key was equal in an earlier round cannot be known.
        return replace(found.unequal, keys=never_equal)
