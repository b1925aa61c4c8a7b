"""What the trade does to its tables: most transactions span several. No I/O, no clock.

What a pipeline has got wrong before is here again in other shapes: flags that mean deleted, a unique value that moves
to another row inside one transaction, a reference table that hardly ever changes. The base class of `traffic.Traffic`.
"""

from __future__ import annotations

from collections.abc import Mapping

from legacy_shop import trade
from legacy_shop.data import RowMaker
from legacy_shop.keys import Keys
from legacy_shop.statements import Statement, Transaction, delete, insert, update


class TradeTraffic:
    """The transactions that begin in the trade's tables."""

    _keys: Keys
    _make: RowMaker

    def address_insert(self) -> Transaction:
        """A customer has one more address; the visit is logged where nobody streams it."""
        return Transaction("address_insert", (self._new_address(self._keys.active.pick(self._make)), self._page_view()))

    def address_update(self) -> Transaction:
        """An address changes, now and then one that is flagged as deleted."""
        keys = self._keys.trade
        if not keys.addresses:
            return self.address_insert()
        outside = len(keys.removed_addresses) and self._make.chance(0.05)
        addr_id = (keys.removed_addresses if outside else keys.addresses).pick(self._make)
        fields = {"addr_2": self._make.short_text(), "city": self._make.pick(self._make.texts.cities)}
        return Transaction("address_update", (self._change("addr_book", fields, {"addr_id": addr_id}),))

    def address_remove(self) -> Transaction:
        """Soft delete."""
        keys = self._keys.trade
        if not keys.addresses:
            return self.address_insert()
        addr_id = keys.addresses.pick(self._make)
        keys.addresses.remove(addr_id)
        keys.removed_addresses.add(addr_id)
        return Transaction("address_remove", (self._flag("addr_book", {"addr_id": addr_id}, trade.DELETED),))

    def address_restore(self) -> Transaction:
        """A soft delete is taken back."""
        keys = self._keys.trade
        if not keys.removed_addresses:
            return self.address_remove()
        addr_id = keys.removed_addresses.pick(self._make)
        keys.removed_addresses.remove(addr_id)
        keys.addresses.add(addr_id)
        return Transaction("address_restore", (self._flag("addr_book", {"addr_id": addr_id}, trade.LIVE),))

    def product_insert(self) -> Transaction:
        """A new product."""
        keys = self._keys.trade
        sku = trade.sku(keys.next_product)
        keys.next_product += 1
        keys.products.add(sku)
        return Transaction("product_insert", (insert("prod_master", trade.product(self._make, sku)),))

    def product_update(self) -> Transaction:
        """The prices of one to three products change, their descriptions stay."""
        keys = self._keys.trade
        if not keys.products:
            return self.product_insert()
        changes = [
            self._change(
                "prod_master", {"price": f"{self._make.below(900)}.99"}, {"sku": keys.products.pick(self._make)}
            )
            for _ in range(1 + self._make.below(3))
        ]
        return Transaction("product_update", tuple(changes))

    def product_discontinue(self) -> Transaction:
        """Soft delete."""
        keys = self._keys.trade
        if not keys.products:
            return self.product_insert()
        sku = keys.products.pick(self._make)
        keys.products.remove(sku)
        keys.discontinued.add(sku)
        return Transaction("product_discontinue", (self._flag("prod_master", {"sku": sku}, trade.DELETED),))

    def product_return(self) -> Transaction:
        """Offered again, with the description it had."""
        keys = self._keys.trade
        if not keys.discontinued:
            return self.product_discontinue()
        sku = keys.discontinued.pick(self._make)
        keys.discontinued.remove(sku)
        keys.products.add(sku)
        return Transaction("product_return", (self._flag("prod_master", {"sku": sku}, trade.LIVE),))

    def order_shipped(self) -> Transaction:
        """Head, lines and payments of an order in one transaction."""
        keys = self._keys.trade
        if not keys.heads:
            return self.address_insert()
        ord_no = keys.heads.pick(self._make)
        where = {"ord_no": ord_no}
        statements = [self._change("ord_head", {"ord_st": trade.SHIPPED}, where)]
        if lines := self._keys.lines(ord_no):
            moved = {"line_st": trade.SHIPPED, "chg_ts": self._make.local_time()}
            statements.append(update("ord_line", moved, where, rows=len(lines)))
        if payments := keys.payments.get(ord_no):
            statements.append(self._change("pymt", {"pay_st": trade.CAPTURED}, where, rows=len(payments)))
        return Transaction("order_shipped", (*statements, self._page_view()))

    def order_cancelled(self) -> Transaction:
        """The lines go, payments are refunded; the head goes, too, unless something was paid for it."""
        keys = self._keys.trade
        if not keys.heads:
            return self.address_insert()
        ord_no = keys.heads.pick(self._make)
        where = {"ord_no": ord_no}
        payments = keys.payments.get(ord_no, ())
        if payments:
            refund = self._change("pymt", {"pay_st": trade.REFUNDED}, where, rows=len(payments))
            statements = [self._change("ord_head", {"ord_st": trade.CANCELLED}, where), refund]
        else:
            keys.heads.remove(ord_no)
            statements = [delete("ord_head", where)]
        if lines := self._keys.lines(ord_no):
            statements.append(delete("ord_line", where, rows=len(lines)))
            for line_no in lines:
                self._keys.remove_line(ord_no, line_no)
        return Transaction("order_cancelled", tuple(statements))

    def payment_update(self) -> Transaction:
        """A payment and the balance of a customer."""
        keys = self._keys.trade
        if not keys.payments:
            return self.address_insert()
        pay_id = 1 + self._make.below(keys.next_payment - 1)
        change = self._change("pymt", {"pay_st": self._make.pick("ACRF")}, {"pay_id": pay_id})
        cust_id = self._keys.active.pick(self._make)
        return Transaction(
            "payment_update", (change, update("cust_master", {"bal_amt": self._make.balance()}, {"cust_id": cust_id}))
        )

    def voucher_issue(self) -> Transaction:
        """A new voucher, every third without a code."""
        keys = self._keys.trade
        free = self._make.chance(0.3)
        vchr_id, code = keys.next_voucher, None if free else trade.code(keys.next_voucher)
        return Transaction("voucher_issue", (self._new_voucher(vchr_id, code),))

    def voucher_release(self) -> Transaction:
        """A code is free for another voucher."""
        keys = self._keys.trade
        if not keys.holders:
            return self.voucher_issue()
        vchr_id = keys.holders.pick(self._make)
        keys.free_codes.append(keys.release(vchr_id))
        keys.free_vouchers.add(vchr_id)
        return Transaction("voucher_release", (self._voucher_code(vchr_id, None),))

    def voucher_give(self) -> Transaction:
        """A code released some time ago goes to another voucher."""
        keys = self._keys.trade
        if not (keys.free_codes and keys.free_vouchers):
            return self.voucher_release()
        vchr_id = keys.free_vouchers.pick(self._make)
        code = keys.free_codes.pop(self._make.below(len(keys.free_codes)))
        keys.free_vouchers.remove(vchr_id)
        keys.hold(vchr_id, code)
        return Transaction("voucher_give", (self._voucher_code(vchr_id, code),))

    def voucher_swap(self) -> Transaction:
        """Two vouchers exchange their codes by way of none."""
        keys = self._keys.trade
        one, two = (keys.holders.pick(self._make) if keys.holders else 0 for _ in range(2))
        if one == two:
            return self.voucher_issue()
        first, second = keys.codes[one], keys.codes[two]
        keys.codes |= {one: second, two: first}
        steps = ((one, None), (two, first), (one, second))
        return Transaction("voucher_swap", tuple(self._voucher_code(*step) for step in steps))

    def voucher_handover(self) -> Transaction:
        """A voucher goes, a new one has its code."""
        keys = self._keys.trade
        if not keys.holders:
            return self.voucher_issue()
        old = keys.holders.pick(self._make)
        code = keys.release(old)
        new = self._new_voucher(keys.next_voucher, code)
        return Transaction("voucher_handover", (delete("vchr", {"vchr_id": old}), new))

    def country_update(self) -> Transaction:
        """The reference table changes, which is rare."""
        keys = self._keys.trade
        if not keys.countries:
            return self.address_insert()
        rate = {"vat_pct": f"{self._make.below(30)}.{self._make.below(10)}"}
        return Transaction("country_update", (update("ctry", rate, {"ctry_cd": keys.countries.pick(self._make)}),))

    def _order_statements(self, ord_no: str, cust_id: int) -> tuple[Statement, ...]:
        """The head and the payment of a new order."""
        keys = self._keys.trade
        ship_id = keys.addresses.pick(self._make) if keys.addresses and self._make.chance(0.8) else None
        keys.heads.add(ord_no)
        head = insert("ord_head", trade.order(self._make, ord_no, cust_id, ship_id))
        return (head, self._new_payment(ord_no))

    def _renumber_statements(self, ord_no: str, new: str) -> tuple[Statement, ...]:
        """The same for all that belongs to an order but its lines."""
        moved = zip(("ord_head", "pymt"), self._keys.trade.rename_order(ord_no, new), strict=True)
        return tuple(update(table, {"ord_no": new}, {"ord_no": ord_no}, rows=rows) for table, rows in moved if rows)

    def _new_address(self, cust_id: int) -> Statement:
        keys = self._keys.trade
        addr_id = keys.next_address
        keys.next_address += 1
        keys.addresses.add(addr_id)
        return insert("addr_book", trade.address(self._make, addr_id, cust_id))

    def _new_payment(self, ord_no: str) -> Statement:
        keys = self._keys.trade
        pay_id = keys.next_payment
        keys.next_payment += 1
        keys.payments.setdefault(ord_no, []).append(pay_id)
        return insert("pymt", trade.payment(self._make, pay_id, ord_no))

    def _new_voucher(self, vchr_id: int, code: str | None) -> Statement:
        keys = self._keys.trade
        keys.next_voucher += 1
        if code is None:
            keys.free_vouchers.add(vchr_id)
        else:
            keys.hold(vchr_id, code)
        cust_id = None if code is None else self._keys.active.pick(self._make)
        return insert("vchr", trade.voucher(self._make, vchr_id, code, cust_id))

    def _voucher_code(self, vchr_id: int, code: str | None) -> Statement:
        fields = {"vchr_cd": code, "vchr_st": "F" if code is None else "H", "upd_ts": self._make.local_time()}
        return update("vchr", fields, {"vchr_id": vchr_id})

    def _flag(self, table: str, where: Mapping[str, object], flag: str) -> Statement:
        return self._change(table, {"del_flag": flag}, where)

    def _change(
        self, table: str, values: Mapping[str, object], where: Mapping[str, object], *, rows: int = 1
    ) -> Statement:
        """An update with its audit columns."""
        audit = {"upd_usr": self._make.pick(trade.USERS), "upd_ts": self._make.local_time()}
        return update(table, {**values, **audit}, where, rows=rows)

    def _page_view(self) -> Statement:
        return insert("web_log", trade.page_view(self._make))._replace(counts=False)
