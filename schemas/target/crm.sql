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

CREATE TABLE crm.countries (
    country_code text         NOT NULL,
    name         text         NOT NULL,
    in_eu        boolean      NOT NULL,
    vat_percent  numeric(4,1),
    PRIMARY KEY (country_code)
);

CREATE TABLE crm.addresses (
    address_id   bigint      NOT NULL,
    customer_id  bigint      NOT NULL,
    purpose      text        NOT NULL,
    address      jsonb       NOT NULL,
    country_code text        NOT NULL,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    changed_by   text,
    changed_at   timestamptz,
    PRIMARY KEY (address_id)
);

CREATE TABLE crm.products (
    sku          text        NOT NULL,
    title        text        NOT NULL,
    description  text,
    attributes   jsonb,
    price_cents  bigint      NOT NULL,
    currency     text        NOT NULL,
    vat          text        NOT NULL,
    weight_grams integer,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    changed_by   text,
    changed_at   timestamptz,
    PRIMARY KEY (sku),
    CONSTRAINT products_price CHECK (price_cents >= 0)
);

CREATE TABLE crm.orders (
    order_no    text        NOT NULL,
    customer_id bigint      NOT NULL,
    state       text        NOT NULL,
    channel     text        NOT NULL,
    ordered_at  timestamptz NOT NULL,
    ship_to     bigint,
    total_cents bigint      NOT NULL,
    currency    text        NOT NULL,
    note        text,
    created_by  text        NOT NULL,
    created_at  timestamptz NOT NULL,
    changed_by  text,
    changed_at  timestamptz,
    PRIMARY KEY (order_no)
);

CREATE TABLE crm.order_events (
    order_no text        NOT NULL,
    event    text        NOT NULL,
    at       timestamptz NOT NULL,
    by       text,
    PRIMARY KEY (order_no, event)
);

CREATE TABLE crm.payments (
    payment_id   bigint      NOT NULL,
    order_no     text        NOT NULL,
    method       text        NOT NULL,
    state        text        NOT NULL,
    amount_cents bigint      NOT NULL,
    currency     text        NOT NULL,
    paid_at      timestamptz NOT NULL,
    reference    uuid,
    created_at   timestamptz NOT NULL,
    changed_by   text,
    changed_at   timestamptz,
    PRIMARY KEY (payment_id)
);

CREATE TABLE crm.vouchers (
    voucher_id  bigint      NOT NULL,
    code        text,                  -- unique in the shop, and moves from row to row there: no constraint yet
    customer_id bigint,
    value_cents bigint      NOT NULL,
    state       text        NOT NULL,
    expires_on  date,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (voucher_id),
    CONSTRAINT vouchers_code CHECK (code ~ '^[0-9A-F]{4}(-[0-9A-F]{4}){2}$')
);
CREATE INDEX vouchers_by_code ON crm.vouchers (code);
