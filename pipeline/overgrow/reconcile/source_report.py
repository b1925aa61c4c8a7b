"""What the source's books say of one pipeline. Frozen, pure; printed by the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from overgrow.model import Part
from overgrow.reconcile.source_books import Missing, TableBooks

SCHEMA_VERSION = 1
Verdict = Literal["closed", "missing", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionCount:
    """The records of a partition below its checkpoint, and what the checkpoint says it received.

    `records` is None where they cannot be compared: the reading did not begin at offset 0, or the checkpoint did not.
    """

    part: Part
    start: int
    next: int
    records: int | None
    received: int

    @property
    def differs(self) -> bool:
        """Whether the checkpoint's books tell of another number."""
        return self.records is not None and self.records != self.received


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One reading. `alarms` holds the first ones, `alarmed` counts them all.

    `open`: transactions that could not be decided, because connector or workers stand still. `unjudged`: those that lie
    partly before the snapshot or before the reading began. `unreadable`: records that are no change events.
    """

    pipeline: str
    tables: Mapping[str, TableBooks]
    partitions: Sequence[PartitionCount]
    closed: int
    open: int
    unjudged: int
    unreadable: int
    alarms: Sequence[Missing]
    alarmed: int
    standing: str
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """Missing events, or counts that differ, decide; otherwise an open transaction forbids `closed`."""
        if self.alarmed or any(one.differs for one in self.partitions):
            return "missing"
        return "undecided" if self.open else "closed"

    @property
    def whole(self) -> bool:
        """Whether every partition was read from offset 0."""
        return all(one.records is not None for one in self.partitions)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "schema_version": SCHEMA_VERSION,
            "pipeline": self.pipeline,
            "verdict": self.verdict,
            "since_start": self.whole,
            "transactions": {"closed": self.closed, "open": self.open, "unjudged": self.unjudged},
            "standing_still": self.standing or None,
            "unreadable": self.unreadable,
            "tables": [
                {
                    "table": table,
                    "transactions": one.transactions,
                    "told": one.told,
                    "received": one.received,
                    "missing": one.missing,
                }
                for table, one in self.tables.items()
            ],
            "partitions": [
                {**one.part._asdict(), "from": one.start, "to": one.next, "records": one.records}
                | {"received": one.received, "differs": one.differs}
                for one in self.partitions
            ],
            "alarms": self.alarmed,
            "missing": [
                {
                    "transaction": one.transaction,
                    "table": one.table,
                    "told": one.told,
                    "missing": one.missing,
                    "orders": list(one.orders),
                }
                for one in self.alarms
            ],
            "seconds": round(self.seconds, 3),
        }
