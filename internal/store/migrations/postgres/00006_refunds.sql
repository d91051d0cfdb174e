-- +goose Up
-- Refunds of captured payments, and the credit notes that go with them.

-- What of a payment was given back or is on its way: never more than it took, whoever asks at once (R-REFUND-04).
ALTER TABLE payments ADD COLUMN refunded BIGINT NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= amount AND (refunded = 0 OR state = 'succeeded'));

CREATE TABLE refunds (
  id           TEXT PRIMARY KEY,
  payment_id   TEXT NOT NULL REFERENCES payments (id),
  account_id   TEXT NOT NULL REFERENCES accounts (id),
  number       BIGINT NOT NULL, -- among the payment's refunds, from 1
  key          TEXT NOT NULL UNIQUE, -- given to the provider; nothing random in it
  provider     TEXT NOT NULL,
  charge_ref   TEXT NOT NULL, -- what is given back, at the provider
  provider_ref TEXT,
  currency     TEXT NOT NULL,
  amount       BIGINT NOT NULL CHECK (amount > 0),
  from_balance BIGINT NOT NULL CHECK (from_balance >= 0 AND from_balance <= amount), -- set aside from the customer's balance
  reason       TEXT NOT NULL,
  asked_by     TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('opening', 'pending', 'unknown', 'succeeded', 'failed', 'to_balance')),
  outcome      TEXT NOT NULL, -- why it failed or went to the balance; '' it did not
  credit_note  TEXT NOT NULL, -- its number; '' none
  asked        BIGINT NOT NULL, -- how often the provider was asked how it stands
  opened_at    BIGINT NOT NULL,
  settled_at   BIGINT,
  returned_at  BIGINT, -- when one that had succeeded came back
  UNIQUE (payment_id, number),
  UNIQUE (provider, provider_ref)
);
CREATE INDEX refunds_account ON refunds (account_id, id);
CREATE INDEX refunds_live ON refunds (opened_at) WHERE state IN ('opening', 'pending', 'unknown');

-- The last number of each year's credit notes. It is taken in the transaction that issues the note, so that none is ever missing.
CREATE TABLE credit_note_series (
  year BIGINT PRIMARY KEY,
  last BIGINT NOT NULL
);

CREATE TABLE credit_notes (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  debt_id    TEXT NOT NULL REFERENCES debts (id),
  subject    TEXT NOT NULL UNIQUE, -- the refund, or the order, that it is for
  year       BIGINT NOT NULL,
  sequence   BIGINT NOT NULL,
  currency   TEXT NOT NULL,
  net        BIGINT NOT NULL CHECK (net >= 0),
  tax        BIGINT NOT NULL CHECK (tax >= 0),
  amount     BIGINT NOT NULL CHECK (amount > 0),
  issued_at  BIGINT NOT NULL,
  UNIQUE (year, sequence),
  CHECK (amount = net + tax)
);
CREATE INDEX credit_notes_account ON credit_notes (account_id, id);
CREATE INDEX credit_notes_debt ON credit_notes (debt_id);

CREATE TRIGGER credit_notes_are_kept BEFORE UPDATE OR DELETE ON credit_notes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refunds_keep_their_terms BEFORE UPDATE OF payment_id, account_id, number, key, provider, charge_ref, currency, amount, from_balance, reason, asked_by, opened_at OR DELETE ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_change();
