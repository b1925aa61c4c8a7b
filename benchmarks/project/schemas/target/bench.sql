CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE bench.accounts (
    account_id    bigint      NOT NULL PRIMARY KEY,
    external_id   uuid        NOT NULL,
    holder        text        NOT NULL,
    email         text,
    status        text        NOT NULL,
    balance_cents bigint      NOT NULL,
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    vip           boolean     NOT NULL,
    attributes    jsonb,
    city          text,
    born_on       date
);
