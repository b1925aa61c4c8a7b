-- The new model. No foreign keys and no unique constraints but the keys while rows are still arriving;
-- the stamp columns (_og_*) are added by `overgrow apply`, not here.
CREATE SCHEMA IF NOT EXISTS crm;

CREATE TABLE crm.customers (
    customer_id   bigint      NOT NULL,
    name          text        NOT NULL,
    status        text        NOT NULL,
    kind          text        NOT NULL,
    balance_cents bigint      NOT NULL,
    registered_at timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    vip           boolean     NOT NULL,
    address       jsonb,
    preferences   jsonb,
    notes         text,
    birth_date    date,
    external_ref  uuid,
    segment       text        NOT NULL,
    PRIMARY KEY (customer_id),
    CONSTRAINT customers_status CHECK (status IN ('active', 'inactive', 'pending', 'cancelled', 'suspended')),
    CONSTRAINT customers_balance CHECK (balance_cents BETWEEN -500000000 AND 500000000)
);

CREATE TABLE crm.order_lines (
    order_no         text          NOT NULL,
    line_no          integer       NOT NULL,
    customer_id      bigint        NOT NULL,
    sku              text          NOT NULL,
    quantity         integer       NOT NULL,
    unit_price       numeric(10,4) NOT NULL,
    discount_percent numeric(5,2),
    state            text          NOT NULL,
    gift             boolean       NOT NULL,
    due_on           date,
    changed_at       timestamptz   NOT NULL,
    remark           text,
    PRIMARY KEY (order_no, line_no),
    CONSTRAINT order_lines_quantity CHECK (quantity >= 0)
);
