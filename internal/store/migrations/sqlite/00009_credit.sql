-- +goose Up
-- Credit lines, what is drawn on them, how the balance is spent on bills and taken
-- back from them, top-ups and withdrawals.

ALTER TABLE accounts ADD COLUMN auto_apply INTEGER NOT NULL DEFAULT 1 CHECK (auto_apply IN (0, 1)); -- the balance pays bills by itself (R-RECON-01)

ALTER TABLE bills ADD COLUMN due_at INTEGER; -- the last instant of the due day; NULL: it is collected, not waited for

ALTER TABLE orders ADD COLUMN top_up INTEGER NOT NULL DEFAULT 0 CHECK (top_up IN (0, 1)); -- what it pays is the customer's balance, and nothing is sold

-- A decision to spend a balance: what was known when it was made, so that it can be
-- made again and compared.
CREATE TABLE application_runs (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  number     INTEGER NOT NULL, -- among the account's, from 1
  cause      TEXT NOT NULL CHECK (cause IN ('automatic', 'by_hand')),
  currency   TEXT NOT NULL,
  balance    INTEGER NOT NULL CHECK (balance > 0),
  owed       TEXT NOT NULL, -- what could be paid, as JSON: debt, bill, its instants and number, open and in flight
  chosen     TEXT NOT NULL, -- what a person chose, as JSON; automatic ones choose nothing
  run_by     TEXT NOT NULL,
  run_at     INTEGER NOT NULL,
  UNIQUE (account_id, number)
) STRICT;

ALTER TABLE cash_applications ADD COLUMN run_id TEXT NOT NULL DEFAULT ''; -- '' an order took it when it was paid
ALTER TABLE cash_applications ADD COLUMN undone INTEGER NOT NULL DEFAULT 0 CHECK (undone >= 0 AND undone <= amount);
CREATE INDEX cash_applications_account ON cash_applications (account_id, id);
CREATE INDEX cash_applications_run ON cash_applications (run_id);

-- Who has money with us.
CREATE INDEX balances_held ON balances (account_id) WHERE ledger_account = 'customer_balance' AND amount < 0;

-- What of an application was taken back.
CREATE TABLE undoings (
  id             TEXT PRIMARY KEY,
  application_id TEXT NOT NULL REFERENCES cash_applications (id),
  account_id     TEXT NOT NULL REFERENCES accounts (id),
  debt_id        TEXT NOT NULL REFERENCES debts (id),
  currency       TEXT NOT NULL,
  amount         INTEGER NOT NULL CHECK (amount > 0),
  reason         TEXT NOT NULL,
  undone_by      TEXT NOT NULL,
  undone_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX undoings_application ON undoings (application_id);
CREATE INDEX undoings_debt ON undoings (debt_id);

-- A credit line as it was proposed and decided; a change is another row. The account
-- has at most one that is active, and one that waits for a decision.
CREATE TABLE credit_lines (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  kind        TEXT NOT NULL CHECK (kind IN ('open', 'change', 'close')),
  currency    TEXT NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount >= 0 AND (amount > 0 OR kind = 'close')), -- the limit
  terms       TEXT NOT NULL,
  reason      TEXT NOT NULL CHECK (reason <> ''),
  state       TEXT NOT NULL CHECK (state IN ('proposed', 'active', 'refused', 'withdrawn', 'replaced', 'closed')),
  proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
  proposed_at INTEGER NOT NULL,
  decided_by  TEXT NOT NULL,
  decided_at  INTEGER,
  note        TEXT NOT NULL,
  ended_at    INTEGER,
  CHECK (decided_by = '' OR decided_by <> proposed_by),
  CHECK ((decided_by = '') = (state IN ('proposed', 'withdrawn')))
) STRICT;
CREATE INDEX credit_lines_account ON credit_lines (account_id, id);
CREATE UNIQUE INDEX credit_lines_one_active ON credit_lines (account_id) WHERE state = 'active';
CREATE UNIQUE INDEX credit_lines_one_proposed ON credit_lines (account_id) WHERE state = 'proposed';

-- The lowest level of available credit that a customer was told of.
CREATE TABLE credit_alerts (
  account_id TEXT PRIMARY KEY REFERENCES accounts (id),
  level      INTEGER NOT NULL, -- among the policy's levels, from the highest, 1; 0: above all
  at         INTEGER NOT NULL
) STRICT;

-- An order that was paid from a credit line, and the debt on the month's bill that
-- came of it (R-PAY-02).
CREATE TABLE credit_draws (
  debt_id       TEXT PRIMARY KEY REFERENCES debts (id),
  order_debt_id TEXT NOT NULL UNIQUE REFERENCES debts (id),
  order_id      TEXT NOT NULL UNIQUE REFERENCES orders (id),
  account_id    TEXT NOT NULL REFERENCES accounts (id),
  currency      TEXT NOT NULL,
  amount        INTEGER NOT NULL CHECK (amount > 0),
  drawn_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE withdrawals (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  currency    TEXT NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  recipient   TEXT NOT NULL CHECK (recipient <> ''), -- where the money is to go, as a person wrote it
  reason      TEXT NOT NULL CHECK (reason <> ''),
  state       TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'refused', 'dropped', 'sent')),
  proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
  proposed_at INTEGER NOT NULL,
  decided_by  TEXT NOT NULL,
  decided_at  INTEGER,
  note        TEXT NOT NULL,
  ended_at    INTEGER,
  CHECK (decided_by = '' OR decided_by <> proposed_by),
  CHECK (decided_by <> '' OR state IN ('proposed', 'dropped'))
) STRICT;
CREATE INDEX withdrawals_account ON withdrawals (account_id, id);
CREATE INDEX withdrawals_live ON withdrawals (id) WHERE state IN ('proposed', 'approved');

-- +goose StatementBegin
CREATE TRIGGER application_runs_are_kept_on_update BEFORE UPDATE ON application_runs
BEGIN SELECT RAISE(ABORT, 'application_runs rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER application_runs_are_kept_on_delete BEFORE DELETE ON application_runs
BEGIN SELECT RAISE(ABORT, 'application_runs rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cash_applications_keep_their_terms BEFORE UPDATE OF id, account_id, debt_id, currency, amount, applied_at, run_id ON cash_applications
BEGIN SELECT RAISE(ABORT, 'the terms of cash_applications rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cash_applications_are_kept BEFORE DELETE ON cash_applications
BEGIN SELECT RAISE(ABORT, 'cash_applications rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER undoings_are_kept_on_update BEFORE UPDATE ON undoings
BEGIN SELECT RAISE(ABORT, 'undoings rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER undoings_are_kept_on_delete BEFORE DELETE ON undoings
BEGIN SELECT RAISE(ABORT, 'undoings rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_draws_are_kept_on_update BEFORE UPDATE ON credit_draws
BEGIN SELECT RAISE(ABORT, 'credit_draws rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_draws_are_kept_on_delete BEFORE DELETE ON credit_draws
BEGIN SELECT RAISE(ABORT, 'credit_draws rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_lines_keep_their_terms BEFORE UPDATE OF id, account_id, kind, currency, amount, terms, reason, proposed_by, proposed_at ON credit_lines
BEGIN SELECT RAISE(ABORT, 'the terms of credit_lines rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_lines_are_kept BEFORE DELETE ON credit_lines
BEGIN SELECT RAISE(ABORT, 'credit_lines rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER withdrawals_keep_their_terms BEFORE UPDATE OF id, account_id, currency, amount, recipient, reason, proposed_by, proposed_at ON withdrawals
BEGIN SELECT RAISE(ABORT, 'the terms of withdrawals rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER withdrawals_are_kept BEFORE DELETE ON withdrawals
BEGIN SELECT RAISE(ABORT, 'withdrawals rows are never deleted'); END;
-- +goose StatementEnd
