"""A TRUNCATE as a watermark: what is older than it is gone, in every partition, now and whenever it arrives."""

from __future__ import annotations

from typing import NamedTuple

from overgrow.model.stamp import GENERATION_UNIT, Stamp


class Truncation(NamedTuple):
    """`off`: its record's stamp offset. `lsn`: its position.

    Positions order it against streamed changes of all partitions: it holds an exclusive lock, so whatever touched the
    table before it has committed before it. A read has no position; the reads of a generation were all sent before the
    first streamed event of that generation (docs/decisions/0010).
    """

    off: int
    lsn: int

    @property
    def next_generation(self) -> int:
        """The first stamp offset that a read after the truncate can have."""
        return (self.off // GENERATION_UNIT + 1) * GENERATION_UNIT

    def covers(self, stamp: Stamp, *, history_from: int = 0) -> bool:
        """Whether the truncate has removed what carries `stamp`."""
        if stamp.xid is None:
            return stamp.off < self.next_generation
        return stamp.off < history_from or (stamp.lsn is not None and stamp.lsn < self.lsn)
