-- What holds once the shop is switched off: `overgrow apply --constraints` adds it when everything has been applied.
-- Not while rows are still arriving: a code may move from voucher to voucher, a payment may come before its order.
ALTER TABLE crm.vouchers ADD CONSTRAINT vouchers_code_unique UNIQUE (code);
ALTER TABLE crm.payments ADD CONSTRAINT payments_order FOREIGN KEY (order_no) REFERENCES crm.orders;
ALTER TABLE crm.payments ADD CONSTRAINT payments_amount CHECK (amount_cents >= 0);
