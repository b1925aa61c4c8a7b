"""Which transactions a source snapshot sees. Pure.

A target row whose last writer the snapshot does not see is newer than the snapshot: the two must not be compared. That
is no theory: a commit that waits for a standby is decoded before it is visible.
"""

from __future__ import annotations

from dataclasses import dataclass

_CYCLE = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    """`pg_current_snapshot()`, read."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Transactions:
        """Read PostgreSQL's `xmin:xmax:xip,xip,...`."""
        xmin, xmax, running = text.split(":")
        return cls(xmin=int(xmin), xmax=int(xmax), running=frozenset(int(one) for one in running.split(",") if one))

    def sees(self, xid: int | None) -> bool:
        """Whether a change event's transaction is visible; the writer of a read (None) is always.

        An event carries the low 32 bits: the full id is the one nearest to xmax with these bits.
        """
        if xid is None:
            return True
        full = self.xmax + (xid - self.xmax + _CYCLE // 2) % _CYCLE - _CYCLE // 2
        return full < self.xmin or (full < self.xmax and full not in self.running)
