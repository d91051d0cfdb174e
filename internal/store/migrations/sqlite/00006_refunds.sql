-- +goose Up
-- Refunds of captured payments, and the credit notes that go with them.

-- What of a payment was given back or is on its way: never more than it took, whoever asks at once (R-REFUND-04).
ALTER TABLE payments ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= amount AND (refunded = 0 OR state = 'succeeded'));

CREATE TABLE refunds (
  id           TEXT PRIMARY KEY,
  payment_id   TEXT NOT NULL REFERENCES payments (id),
  account_id   TEXT NOT NULL REFERENCES accounts (id),
  number       INTEGER NOT NULL, -- among the payment's refunds, from 1
  key          TEXT NOT NULL UNIQUE, -- given to the provider; nothing random in it
  provider     TEXT NOT NULL,
  charge_ref   TEXT NOT NULL, -- what is given back, at the provider
  provider_ref TEXT,
  currency     TEXT NOT NULL,
  amount       INTEGER NOT NULL CHECK (amount > 0),
  from_balance INTEGER NOT NULL CHECK (from_balance >= 0 AND from_balance <= amount), -- set aside from the customer's balance
  reason       TEXT NOT NULL,
  asked_by     TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('opening', 'pending', 'unknown', 'succeeded', 'failed', 'to_balance')),
  outcome      TEXT NOT NULL, -- why it failed or went to the balance; '' it did not
  credit_note  TEXT NOT NULL, -- its number; '' none
  asked        INTEGER NOT NULL, -- how often the provider was asked how it stands
  opened_at    INTEGER NOT NULL,
  settled_at   INTEGER,
  returned_at  INTEGER, -- when one that had succeeded came back
  UNIQUE (payment_id, number),
  UNIQUE (provider, provider_ref)
) STRICT;
CREATE INDEX refunds_account ON refunds (account_id, id);
CREATE INDEX refunds_live ON refunds (opened_at) WHERE state IN ('opening', 'pending', 'unknown');

-- The last number of each year's credit notes. It is taken in the transaction that issues the note, so that none is ever missing.
CREATE TABLE credit_note_series (
  year INTEGER PRIMARY KEY,
  last INTEGER NOT NULL
) STRICT;

CREATE TABLE credit_notes (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  debt_id    TEXT NOT NULL REFERENCES debts (id),
  subject    TEXT NOT NULL UNIQUE, -- the refund, or the order, that it is for
  year       INTEGER NOT NULL,
  sequence   INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  net        INTEGER NOT NULL CHECK (net >= 0),
  tax        INTEGER NOT NULL CHECK (tax >= 0),
  amount     INTEGER NOT NULL CHECK (amount > 0),
  issued_at  INTEGER NOT NULL,
  UNIQUE (year, sequence),
  CHECK (amount = net + tax)
) STRICT;
CREATE INDEX credit_notes_account ON credit_notes (account_id, id);
CREATE INDEX credit_notes_debt ON credit_notes (debt_id);

-- +goose StatementBegin
CREATE TRIGGER credit_notes_are_kept_on_update BEFORE UPDATE ON credit_notes
BEGIN SELECT RAISE(ABORT, 'credit_notes rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_notes_are_kept_on_delete BEFORE DELETE ON credit_notes
BEGIN SELECT RAISE(ABORT, 'credit_notes rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER refunds_keep_their_terms BEFORE UPDATE OF payment_id, account_id, number, key, provider, charge_ref, currency, amount, from_balance, reason, asked_by, opened_at ON refunds
BEGIN SELECT RAISE(ABORT, 'the terms of refunds rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER refunds_are_kept BEFORE DELETE ON refunds
BEGIN SELECT RAISE(ABORT, 'refunds rows are never deleted'); END;
-- +goose StatementEnd
