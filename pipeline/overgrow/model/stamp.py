"""The stamp every target row and tombstone carries, and the one rule that decides who may write over whom.

`off` says how new the *message* is, `lsn` how new the *source change* is. Each alone is wrong: Connect re-sends old
values at new offsets after a crash (offsets alone go back), and an update whose log record lies before a snapshot's
position but commits after it has the lower position and the newer value (positions alone lose it).
"""

from __future__ import annotations

from typing import NamedTuple

GENERATION_UNIT = 1 << 48  # Kafka offsets below 2^48: 280 trillion records per partition
EPOCH_UNIT = 1 << 56  # 8 bits of generation (256 re-snapshots) within an epoch, 7 bits of epoch in a signed bigint


class Stamp(NamedTuple):
    """Who wrote a row last.

    `off` = epoch * 2^56 + generation * 2^48 + Kafka offset. `lsn`: the highest Debezium `source.lsn` that the row has
    seen, None before the first streamed event. `xid`: the source transaction of the last writer, None if that was a
    snapshot read.
    """

    off: int
    lsn: int | None
    xid: int | None


def stamp_base(*, epoch: int, generation: int) -> int:
    """What is added to a Kafka offset to make `Stamp.off`."""
    if not (0 <= epoch < 128 and 0 <= generation < 256):  # noqa: PLR2004 - the widths of the two fields
        msg = f"epoch {epoch} or generation {generation} does not fit a stamp (0-127, 0-255)"
        raise ValueError(msg)
    return epoch * EPOCH_UNIT + generation * GENERATION_UNIT


def may_write(event: Stamp, over: Stamp, *, history_from: int = 0) -> bool:
    """Design rule 4.1: may an event with stamp `event` write over `over`?

    An event with `xid` None is a read: it never has a position, whatever its `lsn` (its floor) says. Positions compare
    only within one source history; `history_from` is the first `off` of the current one.
    """
    if event.off <= over.off:
        return False
    if event.xid is None or over.lsn is None or event.lsn is None or over.off < history_from:
        return True
    return event.lsn >= over.lsn
