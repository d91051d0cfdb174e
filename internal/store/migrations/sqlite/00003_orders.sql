-- +goose Up
-- Prepaid orders, the subscriptions that they start and extend, and what is spent
-- of a customer's balance. Days are texts such as "2026-03-31", in the account's
-- zone.

ALTER TABLE payments ADD COLUMN force_3ds INTEGER NOT NULL DEFAULT 0; -- policy or risk demanded a challenge

CREATE TABLE subscriptions (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  order_id    TEXT NOT NULL, -- with which it began
  line        INTEGER NOT NULL, -- among the order's items, from 1
  product     TEXT NOT NULL,
  description TEXT NOT NULL,
  quantity    INTEGER NOT NULL CHECK (quantity > 0),
  currency    TEXT NOT NULL,
  price       INTEGER NOT NULL CHECK (price > 0), -- of one, for one term
  term        TEXT NOT NULL,
  from_day    TEXT NOT NULL,
  terms       INTEGER NOT NULL CHECK (terms > 0), -- that are paid
  until_day   TEXT NOT NULL,
  auto_renew  INTEGER NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('active', 'ended', 'cancelled')),
  started_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  UNIQUE (order_id, line),
  CHECK (from_day < until_day)
) STRICT;
CREATE INDEX subscriptions_account ON subscriptions (account_id, id);
CREATE INDEX subscriptions_active ON subscriptions (until_day) WHERE state = 'active';

CREATE TABLE orders (
  id              TEXT PRIMARY KEY,
  account_id      TEXT NOT NULL REFERENCES accounts (id),
  reference       TEXT NOT NULL, -- the platform's own name for it
  content         TEXT NOT NULL, -- tells other content under the same reference
  kind            TEXT NOT NULL CHECK (kind IN ('purchase', 'upgrade', 'renewal')),
  items           TEXT NOT NULL, -- as JSON
  subscription_id TEXT REFERENCES subscriptions (id), -- that it upgrades or renews
  automatic       INTEGER NOT NULL, -- a renewal that nobody asked for by hand
  currency        TEXT NOT NULL,
  net             INTEGER NOT NULL,
  tax             INTEGER NOT NULL,
  amount          INTEGER NOT NULL CHECK (amount > 0),
  use_balance     INTEGER NOT NULL,
  method_id       TEXT NOT NULL, -- '' the preferred one
  return_url      TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('open', 'blocked', 'paid', 'lapsed', 'cancelled', 'refused')),
  debt_id         TEXT NOT NULL UNIQUE REFERENCES debts (id),
  verdict         TEXT NOT NULL, -- what risk said last; '' it was not asked
  rule            TEXT NOT NULL,
  case_id         TEXT NOT NULL, -- the identity check that it waits for; '' none
  placed_at       INTEGER NOT NULL,
  lapses_at       INTEGER NOT NULL,
  paid_at         INTEGER,
  ended_at        INTEGER,
  UNIQUE (account_id, reference),
  CHECK (amount = net + tax),
  CHECK ((kind = 'purchase') = (subscription_id IS NULL))
) STRICT;
CREATE INDEX orders_account ON orders (account_id, id);
CREATE INDEX orders_subscription ON orders (subscription_id, id);
CREATE INDEX orders_open ON orders (lapses_at) WHERE state IN ('open', 'blocked');
CREATE UNIQUE INDEX orders_one_pending ON orders (subscription_id) WHERE state IN ('open', 'blocked');

-- What was spent of a customer's balance, on which debt.
CREATE TABLE cash_applications (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  debt_id    TEXT NOT NULL REFERENCES debts (id),
  currency   TEXT NOT NULL,
  amount     INTEGER NOT NULL CHECK (amount > 0),
  applied_at INTEGER NOT NULL
) STRICT;
CREATE INDEX cash_applications_debt ON cash_applications (debt_id);
