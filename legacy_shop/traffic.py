"""What a day in the shop does to its database: an endless, seeded sequence of transactions. No I/O, no clock.

Every kind in `KINDS` is something a pipeline has got wrong before: updates that leave a large value alone, rows that
leave the mapping's filter and come back, keys that move and are used again, deletes followed by inserts, work that is
rolled back. The keys move on as if each transaction had been run, so each must be, in order. Called by `writer`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from legacy_shop.data import CLOSED, STATUSES, UNKNOWN, RowMaker
from legacy_shop.keys import Keys
from legacy_shop.statements import Statement, Transaction, insert
from legacy_shop.texts import UNICODE, Texts
from legacy_shop.trade import address, payment
from legacy_shop.trade_traffic import TradeTraffic

_DELETE_CUSTOMER = "DELETE FROM public.cust_master WHERE cust_id = %s"
_DELETE_LINE = "DELETE FROM public.ord_line WHERE ord_no = %s AND line_no = %s"
_BALANCE = "UPDATE public.cust_master SET bal_amt = %s, upd_ts = %s WHERE cust_id = %s"
_ADDRESS = "UPDATE public.cust_master SET cust_nm = %s, addr_2 = %s, upd_ts = %s WHERE cust_id = %s"
_STATUS = "UPDATE public.cust_master SET stat_cd = %s, upd_ts = %s WHERE cust_id = %s"
_REOPEN = "UPDATE public.cust_master SET stat_cd = %s, notes = %s, upd_ts = %s WHERE cust_id = %s"
_PREFERENCES = "UPDATE public.cust_master SET prefs = %s, upd_ts = %s WHERE cust_id = %s"
_NOTE = "UPDATE public.cust_master SET notes = %s, upd_ts = %s WHERE cust_id = %s"
_TOUCH = "UPDATE public.cust_master SET bal_amt = bal_amt WHERE cust_id = %s"
_LINE = "UPDATE public.ord_line SET qty = %s, line_st = %s, rmk = %s, chg_ts = %s WHERE ord_no = %s AND line_no = %s"
_MOVE_LINE = "UPDATE public.ord_line SET ord_no = %s, line_no = %s, chg_ts = %s WHERE ord_no = %s AND line_no = %s"
_MOVE_ORDER = "UPDATE public.ord_line SET ord_no = %s WHERE ord_no = %s"
_REINSERT_LATER = 50  # so many deleted customers wait for their return


class Traffic(TradeTraffic):
    """The transactions of one writer; those that begin with customers and order lines are here."""

    def __init__(
        self,
        keys: Keys,
        *,
        seed: int,
        next_customer: int,
        next_order: int,
        poison: int = 0,
        texts: Texts = UNICODE,
    ) -> None:
        self._keys = keys
        self._make = RowMaker(seed, texts)
        self._next_customer = next_customer
        self._next_order = next_order
        self._poison = poison
        self._deleted: list[int] = []

    def next(self) -> Transaction:
        """The next transaction; poison, where it was asked for, comes first."""
        if self._poison:
            self._poison -= 1
            return Transaction("poison", (self._new_customer(status=UNKNOWN),))
        if not self._keys.active:
            return self.customer_insert()
        if not self._keys.orders:
            return self.order_placed()
        draw = self._make.below(_TOTAL)
        return next(kind(self) for kind, bound in _BOUNDS if draw < bound)

    def customer_insert(self) -> Transaction:
        """A new customer."""
        statement = self._new_customer(status=self._make.pick(STATUSES))
        self._keys.active.add(self._next_customer - 1)
        return Transaction("customer_insert", (statement,))

    def customer_update(self) -> Transaction:
        """Small columns of one to three customers change, their notes stay."""
        statements = [self._small_update(self._customer()) for _ in range(1 + self._make.below(3))]
        return Transaction("customer_update", tuple(statements))

    def customer_note(self) -> Transaction:
        """The note changes, to nothing, something short or something large."""
        values = (self._make.note(), self._make.instant(), self._customer())
        return Transaction("customer_note", (Statement(_NOTE, values),))

    def customer_delete(self) -> Transaction:
        """A customer goes, perhaps to return later under the same key."""
        cust_id = self._keys.active.pick(self._make)
        self._keys.active.remove(cust_id)
        self._deleted = [*self._deleted[-_REINSERT_LATER:], cust_id]
        return Transaction("customer_delete", (Statement(_DELETE_CUSTOMER, (cust_id,)),))

    def customer_return(self) -> Transaction:
        """A customer deleted some time ago is inserted again."""
        if not self._deleted:
            return self.customer_delete()
        cust_id = self._deleted.pop(self._make.below(len(self._deleted)))
        self._keys.active.add(cust_id)
        row = self._make.customer(cust_id, status=self._make.pick(STATUSES))
        return Transaction("customer_return", (insert("cust_master", row),))

    def customer_reinsert(self) -> Transaction:
        """Deleted and inserted again in one transaction."""
        cust_id = self._keys.active.pick(self._make)
        row = self._make.customer(cust_id, status=self._make.pick(STATUSES))
        statements = (Statement(_DELETE_CUSTOMER, (cust_id,)), insert("cust_master", row))
        return Transaction("customer_reinsert", statements)

    def customer_close(self) -> Transaction:
        """A row leaves the filter; its note stays."""
        cust_id = self._keys.active.pick(self._make)
        self._keys.active.remove(cust_id)
        self._keys.closed.add(cust_id)
        return Transaction("customer_close", (Statement(_STATUS, (CLOSED, self._make.instant(), cust_id)),))

    def customer_reopen(self) -> Transaction:
        """A row enters the filter. The shop writes a note when it does.

        HAZARD: with the default replica identity, entering the filter while a large note stays as it is sends a row
        without its note for which the target has none to update.
        """
        if not self._keys.closed:
            return self.customer_close()
        cust_id = self._keys.closed.pick(self._make)
        self._keys.closed.remove(cust_id)
        self._keys.active.add(cust_id)
        values = (self._make.pick(STATUSES), self._make.note(), self._make.instant(), cust_id)
        return Transaction("customer_reopen", (Statement(_REOPEN, values),))

    def order_placed(self) -> Transaction:
        """A new order with lines and a payment, and the customer's balance: four tables in one transaction."""
        ord_no, cust_id = self._new_order_number(), self._keys.active.pick(self._make)
        statements = list(self._order_statements(ord_no, cust_id))
        for line_no in range(1, 2 + self._make.below(4)):
            self._keys.add_line(ord_no, line_no)
            statements.append(insert("ord_line", self._make.order_line(ord_no, line_no, cust_id)))
        statements.append(self._balance_update(cust_id))
        return Transaction("order_placed", (*statements, self._page_view()))

    def line_update(self) -> Transaction:
        """One to four lines change; the same line may be hit twice."""
        lines = [self._keys.pick_line(self._make) for _ in range(1 + self._make.below(4))]
        return Transaction("line_update", tuple(self._line_update(line) for line in lines))

    def line_delete(self) -> Transaction:
        """A line goes; its number may be used again."""
        line = self._keys.pick_line(self._make)
        self._keys.remove_line(*line)
        return Transaction("line_delete", (Statement(_DELETE_LINE, line),))

    def line_reinsert(self) -> Transaction:
        """A line is deleted and inserted again in one transaction."""
        line = self._keys.pick_line(self._make)
        row = self._make.order_line(*line, self._keys.active.pick(self._make))
        return Transaction("line_reinsert", (Statement(_DELETE_LINE, line), insert("ord_line", row)))

    def line_move(self) -> Transaction:
        """A line's key changes: another number, or another order."""
        line = self._keys.pick_line(self._make)
        order = line[0] if self._make.chance(0.5) else self._keys.orders.pick(self._make)
        new = (order, self._keys.free_line(order))
        self._keys.add_line(*new)
        self._keys.remove_line(*line)
        return Transaction("line_move", (self._line_move(line, new),))

    def line_swap(self) -> Transaction:
        """Two lines of an order exchange their numbers by way of a third."""
        order = self._keys.orders.pick(self._make)
        numbers = self._keys.lines(order)
        if len(numbers) == 1:
            return self.line_move()
        one, two, free = (order, numbers[0]), (order, numbers[-1]), (order, self._keys.free_line(order))
        return Transaction(
            "line_swap", tuple(self._line_move(*move) for move in ((one, free), (two, one), (free, two)))
        )

    def order_renumber(self) -> Transaction:
        """All lines of an order change their key in one statement, and head and payments follow."""
        order, new = self._keys.orders.pick(self._make), self._new_order_number()
        statement = Statement(_MOVE_ORDER, (new, order), rows=len(self._keys.lines(order)))
        self._keys.rename_order(order, new)
        return Transaction("order_renumber", (statement, *self._renumber_statements(order, new)))

    def short_lived(self) -> Transaction:
        """A line is inserted, changed and deleted in one transaction."""
        line = (self._new_order_number(), 1)
        row = self._make.order_line(*line, self._keys.active.pick(self._make))
        statements = (insert("ord_line", row), self._line_update(line), Statement(_DELETE_LINE, line))
        return Transaction("short_lived", statements)

    def rolled_back(self) -> Transaction:
        """Work on several tables that never happened."""
        return Transaction("rolled_back", self._undone_work(), commit=False)

    def savepoint(self) -> Transaction:
        """The middle of a transaction is rolled back, its beginning and end are kept."""
        undone = [statement._replace(counts=False) for statement in self._undone_work()]
        statements = (
            self._small_update(self._customer()),
            Statement("SAVEPOINT middle", rows=None),
            *undone,
            Statement("ROLLBACK TO SAVEPOINT middle", rows=None),
            self._line_update(self._keys.pick_line(self._make)),
        )
        return Transaction("savepoint", statements)

    def _undone_work(self) -> tuple[Statement, ...]:
        line = self._keys.pick_line(self._make)
        return (
            insert("ord_line", self._make.order_line("UNDONE", 1, 1)),
            insert("addr_book", address(self._make, -1, 1)),
            insert("pymt", payment(self._make, -1, "UNDONE")),
            Statement(_DELETE_LINE, line),
            Statement(_NOTE, (self._make.large_note(), self._make.instant(), self._customer())),
        )

    def _new_customer(self, *, status: str) -> Statement:
        row = self._make.customer(self._next_customer, status=status)
        self._next_customer += 1
        return insert("cust_master", row)

    def _new_order_number(self) -> str:
        self._next_order += 1
        return f"N{self._next_order - 1}"

    def _customer(self) -> int:
        """A customer to change, now and then one outside the filter."""
        outside = len(self._keys.closed) and self._make.chance(0.05)
        return (self._keys.closed if outside else self._keys.active).pick(self._make)

    def _small_update(self, cust_id: int) -> Statement:
        choice, now = self._make.below(10), self._make.instant()
        if choice == 0:
            return Statement(_TOUCH, (cust_id,))
        if choice == 1:
            return Statement(_PREFERENCES, (self._make.preferences(), now, cust_id))
        if choice == 2 and cust_id in self._keys.active:  # noqa: PLR2004 - one of ten
            return Statement(_STATUS, (self._make.pick(STATUSES), now, cust_id))
        if choice == 3:  # noqa: PLR2004 - one of ten
            return Statement(_ADDRESS, (self._make.name(), self._make.short_text(), now, cust_id))
        return self._balance_update(cust_id)

    def _balance_update(self, cust_id: int) -> Statement:
        return Statement(_BALANCE, (self._make.balance(), self._make.instant(), cust_id))

    def _line_update(self, line: tuple[str, int]) -> Statement:
        make = self._make
        remark = None if make.chance(0.5) else make.short_text()
        return Statement(_LINE, (1 + make.below(20), make.line_state(), remark, make.local_time(), *line))

    def _line_move(self, line: tuple[str, int], new: tuple[str, int]) -> Statement:
        return Statement(_MOVE_LINE, (*new, self._make.local_time(), *line))


# What happens how often, in parts of the sum.
KINDS: dict[Callable[[Traffic], Transaction], int] = {
    Traffic.customer_update: 30,
    Traffic.customer_note: 4,
    Traffic.customer_insert: 8,
    Traffic.customer_delete: 3,
    Traffic.customer_return: 2,
    Traffic.customer_reinsert: 2,
    Traffic.customer_close: 3,
    Traffic.customer_reopen: 3,
    Traffic.order_placed: 8,
    Traffic.line_update: 25,
    Traffic.line_delete: 8,
    Traffic.line_reinsert: 2,
    Traffic.line_move: 4,
    Traffic.line_swap: 2,
    Traffic.order_renumber: 2,
    Traffic.short_lived: 1,
    Traffic.rolled_back: 4,
    Traffic.savepoint: 4,
    Traffic.address_insert: 4,
    Traffic.address_update: 6,
    Traffic.address_remove: 3,
    Traffic.address_restore: 2,
    Traffic.product_insert: 2,
    Traffic.product_update: 5,
    Traffic.product_discontinue: 2,
    Traffic.product_return: 2,
    Traffic.order_shipped: 6,
    Traffic.order_cancelled: 2,
    Traffic.payment_update: 5,
    Traffic.voucher_issue: 3,
    Traffic.voucher_release: 2,
    Traffic.voucher_give: 2,
    Traffic.voucher_swap: 2,
    Traffic.voucher_handover: 2,
    Traffic.country_update: 1,
}
_BOUNDS = tuple(zip(KINDS, accumulate(KINDS.values()), strict=True))
_TOTAL = sum(KINDS.values())
