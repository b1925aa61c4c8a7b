"""Which rows the live writer believes exist, so that it can change them without asking the database first.

Picks take time independent of the number of rows. True only while one writer is at work; the writer checks each
statement's row count and stops when it is not. Called by `traffic`; filled by `writer`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from legacy_shop.data import RowMaker

K = TypeVar("K", bound=Hashable)


class Pool(Generic[K]):
    """A set that can also give any member, chosen evenly."""

    def __init__(self, members: Iterable[K] = ()) -> None:
        self._members = list(dict.fromkeys(members))
        self._index = {member: index for index, member in enumerate(self._members)}

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: K) -> bool:
        return member in self._index

    def __iter__(self) -> Iterator[K]:
        return iter(self._members)

    def add(self, member: K) -> None:
        """Add a member; one that is there already stays."""
        if member not in self._index:
            self._index[member] = len(self._members)
            self._members.append(member)

    def remove(self, member: K) -> None:
        """Remove a member; the last one takes its place."""
        index = self._index.pop(member)
        last = self._members.pop()
        if last != member:
            self._members[index] = last
            self._index[last] = index

    def pick(self, make: RowMaker) -> K:
        """Any member."""
        return self._members[make.below(len(self._members))]


@dataclass(slots=True, kw_only=True)
class TradeKeys:
    """The rows of all other tables; `next_*` are numbers that no row has had."""

    countries: Pool[str] = field(default_factory=Pool)
    addresses: Pool[int] = field(default_factory=Pool)
    removed_addresses: Pool[int] = field(default_factory=Pool)
    products: Pool[str] = field(default_factory=Pool)
    discontinued: Pool[str] = field(default_factory=Pool)
    heads: Pool[str] = field(default_factory=Pool)
    payments: dict[str, list[int]] = field(default_factory=dict)  # by order
    holders: Pool[int] = field(default_factory=Pool)  # vouchers with a code
    codes: dict[int, str] = field(default_factory=dict)  # by their holder
    free_vouchers: Pool[int] = field(default_factory=Pool)  # without one
    free_codes: list[str] = field(default_factory=list)
    next_address: int = 1
    next_product: int = 1
    next_payment: int = 1
    next_voucher: int = 1

    def hold(self, vchr_id: int, code: str) -> None:
        """A voucher got a code."""
        self.holders.add(vchr_id)
        self.codes[vchr_id] = code

    def release(self, vchr_id: int) -> str:
        """A voucher lost its code, which is given back."""
        self.holders.remove(vchr_id)
        return self.codes.pop(vchr_id)

    def rename_order(self, ord_no: str, new: str) -> tuple[int, int]:
        """An order got another number: how many heads and payments have to move."""
        heads = int(ord_no in self.heads)
        if heads:
            self.heads.remove(ord_no)
            self.heads.add(new)
        payments = self.payments.pop(ord_no, [])
        if payments:
            self.payments[new] = payments
        return heads, len(payments)


class Keys:
    """The customers in and out of the mapping's filter, the lines of each order, and the rows of the trade."""

    def __init__(
        self,
        *,
        active: Iterable[int],
        closed: Iterable[int],
        lines: Iterable[tuple[str, int]],
        trade: TradeKeys | None = None,
    ) -> None:
        self.trade = trade or TradeKeys()
        self.active = Pool(active)
        self.closed = Pool(closed)
        self.orders: Pool[str] = Pool()
        self._lines: dict[str, list[int]] = {}
        for ord_no, line_no in lines:
            self.add_line(ord_no, line_no)

    def lines(self, ord_no: str) -> tuple[int, ...]:
        """The line numbers of an order, none for one without lines."""
        return tuple(self._lines.get(ord_no, ()))

    def pick_line(self, make: RowMaker) -> tuple[str, int]:
        """Any line of any order."""
        ord_no = self.orders.pick(make)
        return ord_no, make.pick(self._lines[ord_no])

    def free_line(self, ord_no: str) -> int:
        """The lowest number that no line of this order has; often one that a line had before."""
        used = self._lines.get(ord_no, ())
        return next(number for number in range(1, len(used) + 2) if number not in used)

    def add_line(self, ord_no: str, line_no: int) -> None:
        """A line was inserted."""
        self.orders.add(ord_no)
        self._lines.setdefault(ord_no, []).append(line_no)

    def remove_line(self, ord_no: str, line_no: int) -> None:
        """A line was deleted; an order without lines is gone."""
        numbers = self._lines[ord_no]
        numbers.remove(line_no)
        if not numbers:
            del self._lines[ord_no]
            self.orders.remove(ord_no)

    def rename_order(self, ord_no: str, new: str) -> None:
        """All lines of an order got another order number."""
        self._lines[new] = self._lines.pop(ord_no)
        self.orders.remove(ord_no)
        self.orders.add(new)
