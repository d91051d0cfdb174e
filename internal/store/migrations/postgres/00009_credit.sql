-- +goose Up
-- Credit lines, what is drawn on them, how the balance is spent on bills and taken
-- back from them, top-ups and withdrawals.

ALTER TABLE accounts ADD COLUMN auto_apply SMALLINT NOT NULL DEFAULT 1 CHECK (auto_apply IN (0, 1)); -- the balance pays bills by itself (R-RECON-01)

ALTER TABLE bills ADD COLUMN due_at BIGINT; -- the last instant of the due day; NULL: it is collected, not waited for

ALTER TABLE orders ADD COLUMN top_up SMALLINT NOT NULL DEFAULT 0 CHECK (top_up IN (0, 1)); -- what it pays is the customer's balance, and nothing is sold

-- A decision to spend a balance: what was known when it was made, so that it can be
-- made again and compared.
CREATE TABLE application_runs (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  number     BIGINT NOT NULL, -- among the account's, from 1
  cause      TEXT NOT NULL CHECK (cause IN ('automatic', 'by_hand')),
  currency   TEXT NOT NULL,
  balance    BIGINT NOT NULL CHECK (balance > 0),
  owed       TEXT NOT NULL, -- what could be paid, as JSON: debt, bill, its instants and number, open and in flight
  chosen     TEXT NOT NULL, -- what a person chose, as JSON; automatic ones choose nothing
  run_by     TEXT NOT NULL,
  run_at     BIGINT NOT NULL,
  UNIQUE (account_id, number)
);

ALTER TABLE cash_applications ADD COLUMN run_id TEXT NOT NULL DEFAULT ''; -- '' an order took it when it was paid
ALTER TABLE cash_applications ADD COLUMN undone BIGINT NOT NULL DEFAULT 0 CHECK (undone >= 0 AND undone <= amount);
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
  amount         BIGINT NOT NULL CHECK (amount > 0),
  reason         TEXT NOT NULL,
  undone_by      TEXT NOT NULL,
  undone_at      BIGINT NOT NULL
);
CREATE INDEX undoings_application ON undoings (application_id);
CREATE INDEX undoings_debt ON undoings (debt_id);

-- A credit line as it was proposed and decided; a change is another row. The account
-- has at most one that is active, and one that waits for a decision.
CREATE TABLE credit_lines (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  kind        TEXT NOT NULL CHECK (kind IN ('open', 'change', 'close')),
  currency    TEXT NOT NULL,
  amount      BIGINT NOT NULL CHECK (amount >= 0 AND (amount > 0 OR kind = 'close')), -- the limit
  terms       TEXT NOT NULL,
  reason      TEXT NOT NULL CHECK (reason <> ''),
  state       TEXT NOT NULL CHECK (state IN ('proposed', 'active', 'refused', 'withdrawn', 'replaced', 'closed')),
  proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
  proposed_at BIGINT NOT NULL,
  decided_by  TEXT NOT NULL,
  decided_at  BIGINT,
  note        TEXT NOT NULL,
  ended_at    BIGINT,
  CHECK (decided_by = '' OR decided_by <> proposed_by),
  CHECK ((decided_by = '') = (state IN ('proposed', 'withdrawn')))
);
CREATE INDEX credit_lines_account ON credit_lines (account_id, id);
CREATE UNIQUE INDEX credit_lines_one_active ON credit_lines (account_id) WHERE state = 'active';
CREATE UNIQUE INDEX credit_lines_one_proposed ON credit_lines (account_id) WHERE state = 'proposed';

-- The lowest level of available credit that a customer was told of.
CREATE TABLE credit_alerts (
  account_id TEXT PRIMARY KEY REFERENCES accounts (id),
  level      BIGINT NOT NULL, -- among the policy's levels, from the highest, 1; 0: above all
  at         BIGINT NOT NULL
);

-- An order that was paid from a credit line, and the debt on the month's bill that
-- came of it (R-PAY-02).
CREATE TABLE credit_draws (
  debt_id       TEXT PRIMARY KEY REFERENCES debts (id),
  order_debt_id TEXT NOT NULL UNIQUE REFERENCES debts (id),
  order_id      TEXT NOT NULL UNIQUE REFERENCES orders (id),
  account_id    TEXT NOT NULL REFERENCES accounts (id),
  currency      TEXT NOT NULL,
  amount        BIGINT NOT NULL CHECK (amount > 0),
  drawn_at      BIGINT NOT NULL
);

CREATE TABLE withdrawals (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  currency    TEXT NOT NULL,
  amount      BIGINT NOT NULL CHECK (amount > 0),
  recipient   TEXT NOT NULL CHECK (recipient <> ''), -- where the money is to go, as a person wrote it
  reason      TEXT NOT NULL CHECK (reason <> ''),
  state       TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'refused', 'dropped', 'sent')),
  proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
  proposed_at BIGINT NOT NULL,
  decided_by  TEXT NOT NULL,
  decided_at  BIGINT,
  note        TEXT NOT NULL,
  ended_at    BIGINT,
  CHECK (decided_by = '' OR decided_by <> proposed_by),
  CHECK (decided_by <> '' OR state IN ('proposed', 'dropped'))
);
CREATE INDEX withdrawals_account ON withdrawals (account_id, id);
CREATE INDEX withdrawals_live ON withdrawals (id) WHERE state IN ('proposed', 'approved');

CREATE TRIGGER application_runs_are_kept BEFORE UPDATE OR DELETE ON application_runs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cash_applications_keep_their_terms BEFORE UPDATE OF id, account_id, debt_id, currency, amount, applied_at, run_id OR DELETE ON cash_applications FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER undoings_are_kept BEFORE UPDATE OR DELETE ON undoings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_draws_are_kept BEFORE UPDATE OR DELETE ON credit_draws FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_lines_keep_their_terms BEFORE UPDATE OF id, account_id, kind, currency, amount, terms, reason, proposed_by, proposed_at OR DELETE ON credit_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER withdrawals_keep_their_terms BEFORE UPDATE OF id, account_id, currency, amount, recipient, reason, proposed_by, proposed_at OR DELETE ON withdrawals FOR EACH ROW EXECUTE FUNCTION refuse_change();
