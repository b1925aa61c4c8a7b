"""Are the books closed at the source? What it says it sent, by transaction, against what was received. Pure.

Guarantees: an event that is called missing was told of by the source (Debezium's END of its transaction) and is in no
partition, though all of them were read to where they ended after the connector had committed a position behind that
END. A transaction is judged once; what Connect sends again is neither counted nor held. Never judges a transaction that
lies partly before the snapshot or before where the reading began. Memory: one bit per event of a transaction that is
not closed yet. Called by `source_reading`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from overgrow.model import Part

SHOWN_ORDERS = 10
KEPT_ALARMS = 1000


class Told(NamedTuple):
    """The END of a transaction: `position` is its commit's, `counts` its events by source table."""

    id: str
    xid: int
    position: int
    counts: Mapping[str, int]


class Seen(NamedTuple):
    """A received record. `after`: the last commit before its transaction; `order`: its number among its table's events.

    A read belongs to no transaction; one of an incremental snapshot has no position either.
    """

    read: bool
    position: int | None
    after: int | None
    xid: int | None
    order: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Events of one table that the source has told of and nobody has received; `orders` are the first of them."""

    transaction: str
    table: str
    told: int
    missing: int
    orders: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class TableBooks:
    """The closed transactions of one table, in events."""

    transactions: int = 0
    told: int = 0
    received: int = 0

    @property
    def missing(self) -> int:
        """Told and not received."""
        return self.told - self.received


class Orders:
    """Which of the events 1, 2, 3, ... have come: a bit each."""

    __slots__ = ("_bits", "came")

    def __init__(self) -> None:
        self._bits = bytearray()
        self.came = 0

    def add(self, order: int) -> None:
        """One has come, maybe again."""
        byte, bit = divmod(order - 1, 8)
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        if not self._bits[byte] >> bit & 1:
            self._bits[byte] |= 1 << bit
            self.came += 1

    def count(self, told: int) -> int:
        """How many of the first `told` have come."""
        whole, rest = divmod(told, 8)
        partial = self._bits[whole] & ((1 << rest) - 1) if rest and whole < len(self._bits) else 0
        return int.from_bytes(self._bits[:whole], "little").bit_count() + partial.bit_count()

    def absent(self, told: int) -> Iterable[int]:
        """Which of the first `told` have not come."""
        for order in range(1, told + 1):
            byte, bit = divmod(order - 1, 8)
            if byte >= len(self._bits) or not self._bits[byte] >> bit & 1:
                yield order


class _Start:
    """Where the reading of one partition began, by its first record that has a position."""

    __slots__ = ("first", "offset")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.first: Seen | None = None

    def see(self, seen: Seen) -> None:
        """Take the first record that tells what lies before it; at offset 0 that is nothing."""
        if self.first is None and seen.position is not None and (seen.read or seen.after or not self.offset):
            self.first = seen


class _Fence(NamedTuple):
    sent: int
    ends: Mapping[Part, int]


@dataclass(kw_only=True)
class SourceBooks:
    """Fed in any order between topics; within a partition, and among ENDs, in the topic's order.

    `tables`: topic to source table, the mapped ones: what the source tells of others is passed over. `starts`: the
    offset from which each partition is read. `told_from`: the offset from which ENDs are read.
    """

    tables: Mapping[str, str]
    starts: Mapping[Part, int]
    told_from: int = 0
    books: dict[str, TableBooks] = field(init=False)
    alarms: list[Missing] = field(init=False, default_factory=list)  # the first ones; `alarmed` counts them all
    alarmed: int = field(init=False, default=0)
    closed: int = field(init=False, default=0)
    unjudged: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.books = {table: TableBooks() for table in self.tables.values()}
        self._starts = {part: _Start(offset) for part, offset in self.starts.items()}
        self._orders: dict[int, dict[str, Orders]] = {}  # xid -> table -> what came; END told or not
        self._waiting: dict[int, Told] = {}  # by xid: told, not closed
        self._line: deque[Told] = deque()  # told, in commit order, from the first that is not closed
        self._ahead: set[int] = set()  # of those in the line: closed ones
        self._highest = self._through = 0  # the newest commit told; every told commit up to there is closed
        self._fences: list[_Fence] = []
        self._positions: dict[Part, int] = {}

    @property
    def open(self) -> int:
        """Transactions that were told of, not wholly received, and are not judged yet."""
        return len(self._waiting)

    @property
    def told_to(self) -> int:
        """The commit position of the newest END."""
        return self._highest

    def received(self, part: Part, seen: Seen) -> None:
        """A record of a mapped table."""
        self._starts[part].see(seen)
        if seen.xid is None or seen.order is None or self._is_closed(seen):
            return
        table = self.tables[part.topic]
        orders = self._orders.setdefault(seen.xid, {}).setdefault(table, Orders())
        orders.add(seen.order)
        told = self._waiting.get(seen.xid)
        if told is not None and orders.came >= told.counts.get(table, 0):
            self._close_if_whole(told)

    def told(self, told: Told) -> None:
        """An END. One at or before the newest is sent again: everything about it is known."""
        if told.position <= self._highest:
            if told.xid not in self._waiting:
                self._orders.pop(told.xid, None)  # the same events, sent again
            return
        first = not self._highest
        self._highest = told.position
        if first and self.told_from:
            # The reading of ENDs begins here, that of the events may have begun before or behind it.
            self._through = told.position
            self._orders.pop(told.xid, None)
            self.unjudged += 1
            return
        counts = {table: count for table, count in told.counts.items() if table in self.books}
        mine = told._replace(counts=counts)
        self._line.append(mine)
        self._waiting[told.xid] = mine
        self._close_if_whole(mine)

    def fence(self, sent: int, ends: Mapping[Part, int]) -> None:
        """`ends` were taken when the connector had committed `sent`: up to there, every event lies before them."""
        self._fences.append(_Fence(sent, ends))
        self._judge()

    def passed(self, part: Part, position: int) -> None:
        """Everything of the partition before this offset was given to `received`."""
        self._positions[part] = position
        self._judge()

    def _is_closed(self, seen: Seen) -> bool:
        """Whether its transaction was closed before: it commits first after `after`, so not behind a later commit."""
        if seen.after is not None and seen.after < self._through:
            return True
        return seen.xid in self._ahead

    def _close_if_whole(self, told: Told) -> None:
        if not any(self._lacks(told)):
            self._close(told)

    def _lacks(self, told: Told) -> Iterable[str]:
        orders = self._orders.get(told.xid, {})
        for table, count in told.counts.items():
            if table not in orders or orders[table].count(count) < count:
                yield table

    def _close(self, told: Told) -> None:
        orders = self._orders.pop(told.xid, {})
        for table, count in told.counts.items():
            book = self.books[table]
            book.transactions += 1
            book.told += count
            book.received += orders[table].count(count) if table in orders else 0
        self.closed += 1
        self._forget(told)

    def _forget(self, told: Told) -> None:
        del self._waiting[told.xid]
        self._ahead.add(told.xid)
        while self._line and self._line[0].xid in self._ahead:
            done = self._line.popleft()
            self._ahead.discard(done.xid)
            self._through = done.position

    def _judge(self) -> None:
        while self._fences and self._is_past(self._fences[0]):
            fence = self._fences.pop(0)
            for told in [one for one in self._waiting.values() if one.position <= fence.sent]:
                self._judge_one(told)

    def _is_past(self, fence: _Fence) -> bool:
        return all(self._positions.get(part, 0) >= end for part, end in fence.ends.items())

    def _judge_one(self, told: Told) -> None:
        if not self._begun_before(told):
            for table in self._lacks(told):
                orders, count = self._orders.get(told.xid, {}).get(table) or Orders(), told.counts[table]
                absent = [order for order, _ in zip(orders.absent(count), range(SHOWN_ORDERS), strict=False)]
                missing = count - orders.count(count)
                self.alarmed += 1
                if len(self.alarms) < KEPT_ALARMS:
                    alarm = Missing(transaction=told.id, table=table, told=count, missing=missing, orders=tuple(absent))
                    self.alarms.append(alarm)
            self._close(told)
            return
        self.unjudged += 1
        self._orders.pop(told.xid, None)
        self._forget(told)

    def _begun_before(self, told: Told) -> bool:
        """Whether a part of it may lie before the snapshot, or before where a partition's reading began."""
        firsts = [start.first for start in self._starts.values() if start.first is not None]
        for start in self._starts.values():
            if start.offset and (start.first is None or _before(told, start.first)):
                return True
        reads = [one.position for one in firsts if one.read and one.position is not None]
        if reads:
            return told.position <= max(reads)
        # Nothing was read: the source began empty. What was told before its first event is of an earlier stream.
        return bool(firsts) and told.position <= min(one.after or 0 for one in firsts)


def _before(told: Told, first: Seen) -> bool:
    return told.position <= (first.after or 0) or told.xid == first.xid
