-- +goose Up
-- Where customers transfer money to is proposed by one person and agreed to by another,
-- a bank account may have one number in several currencies, claims come with files that
-- prove them, and staff are told of receipts that wait too long.

-- A table whose rows others refer to is made anew within one transaction.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE receiving_accounts_before AS SELECT * FROM receiving_accounts;
DROP TABLE receiving_accounts;
CREATE TABLE receiving_accounts (
  id           TEXT PRIMARY KEY,
  seller       TEXT NOT NULL,
  country      TEXT NOT NULL, -- where it is held
  serves       TEXT NOT NULL, -- countries of customers, as JSON; [] is every one that no other names
  currency     TEXT NOT NULL,
  bank         TEXT NOT NULL,
  bank_address TEXT NOT NULL,
  bic          TEXT NOT NULL,
  holder       TEXT NOT NULL,
  scheme       TEXT NOT NULL,
  bank_code    TEXT NOT NULL,
  number       TEXT NOT NULL, -- without spaces
  rails        TEXT NOT NULL, -- as JSON
  shared       INTEGER NOT NULL,
  opened_at    INTEGER NOT NULL,
  closed_at    INTEGER,
  UNIQUE (number, currency) -- a bank may keep several currencies under one number
) STRICT;
INSERT INTO receiving_accounts SELECT * FROM receiving_accounts_before;
DROP TABLE receiving_accounts_before;

-- Somebody's proposal to change where customers transfer money to. Another person makes
-- it true.
CREATE TABLE receiving_changes (
  id           TEXT PRIMARY KEY,
  kind         TEXT NOT NULL CHECK (kind IN ('open', 'close', 'pool')),
  receiving_id TEXT NOT NULL, -- of one to be added, the id that it will have
  pool_id      TEXT NOT NULL, -- '' it is about no numbers
  terms        TEXT NOT NULL, -- as JSON: what is to be added
  reason       TEXT NOT NULL CHECK (reason <> ''),
  state        TEXT NOT NULL CHECK (state IN ('proposed', 'agreed', 'refused', 'withdrawn')),
  proposed_by  TEXT NOT NULL CHECK (proposed_by <> ''),
  proposed_at  INTEGER NOT NULL,
  decided_by   TEXT NOT NULL,
  decided_at   INTEGER,
  note         TEXT NOT NULL,
  CHECK (decided_by = '' OR decided_by <> proposed_by), -- four eyes
  CHECK ((decided_by = '') = (state IN ('proposed', 'withdrawn')))
) STRICT;
CREATE INDEX receiving_changes_waiting ON receiving_changes (id) WHERE state = 'proposed';
CREATE INDEX receiving_changes_account ON receiving_changes (receiving_id, kind, state);
CREATE INDEX receiving_changes_pool ON receiving_changes (pool_id) WHERE pool_id <> '';
CREATE UNIQUE INDEX receiving_changes_one_closing ON receiving_changes (receiving_id) WHERE kind = 'close' AND state = 'proposed';

-- What came with a claim to prove it, encrypted under a key of its own.
CREATE TABLE claim_proofs (
  id            TEXT PRIMARY KEY,
  remittance_id TEXT NOT NULL REFERENCES remittances (id),
  claim_id      TEXT UNIQUE REFERENCES claims (id), -- NULL until it is claimed with it
  media         TEXT NOT NULL,
  size          INTEGER NOT NULL CHECK (size > 0),
  sha256        TEXT NOT NULL,
  master        TEXT NOT NULL, -- which master key wraps
  wrapped_key   BLOB NOT NULL,
  ciphertext    BLOB NOT NULL,
  uploaded_at   INTEGER NOT NULL,
  uploaded_by   TEXT NOT NULL
) STRICT;
CREATE INDEX claim_proofs_remittance ON claim_proofs (remittance_id);

-- How far staff were told that a receipt waits: one row for each crossing.
CREATE TABLE receipt_reminders (
  remittance_id TEXT NOT NULL REFERENCES remittances (id),
  crossing      TEXT NOT NULL CHECK (crossing IN ('due', 'late')),
  at            INTEGER NOT NULL,
  PRIMARY KEY (remittance_id, crossing)
) STRICT;
CREATE INDEX remittances_due ON remittances (due_at) WHERE state IN ('unclaimed', 'returning');

-- +goose StatementBegin
CREATE TRIGGER receiving_accounts_keep_their_terms BEFORE UPDATE OF id, seller, country, serves, currency, bank, bank_address, bic, holder, scheme, bank_code, number, rails, shared, opened_at ON receiving_accounts
BEGIN SELECT RAISE(ABORT, 'the terms of receiving_accounts rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER receiving_accounts_stay_closed BEFORE UPDATE OF closed_at ON receiving_accounts WHEN OLD.closed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'receiving_accounts rows that are closed stay closed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER receiving_accounts_are_kept BEFORE DELETE ON receiving_accounts
BEGIN SELECT RAISE(ABORT, 'receiving_accounts rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER receiving_accounts_are_agreed BEFORE INSERT ON receiving_accounts
WHEN NOT EXISTS (SELECT 1 FROM receiving_changes WHERE receiving_id = NEW.id AND kind = 'open' AND state = 'agreed')
BEGIN SELECT RAISE(ABORT, 'receiving_accounts rows need the word of two people'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER receiving_accounts_close_agreed BEFORE UPDATE OF closed_at ON receiving_accounts
WHEN NOT EXISTS (SELECT 1 FROM receiving_changes WHERE receiving_id = NEW.id AND kind = 'close' AND state = 'agreed')
BEGIN SELECT RAISE(ABORT, 'receiving_accounts rows need the word of two people'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER number_pools_are_agreed BEFORE INSERT ON number_pools
WHEN NOT EXISTS (SELECT 1 FROM receiving_changes WHERE pool_id = NEW.id AND kind = 'pool' AND state = 'agreed')
BEGIN SELECT RAISE(ABORT, 'number_pools rows need the word of two people'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER receiving_changes_keep_their_terms BEFORE UPDATE OF id, kind, receiving_id, pool_id, terms, reason, proposed_by, proposed_at ON receiving_changes
BEGIN SELECT RAISE(ABORT, 'the terms of receiving_changes rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER receiving_changes_stay_decided BEFORE UPDATE ON receiving_changes WHEN OLD.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'receiving_changes rows that are decided stay so'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER receiving_changes_are_kept BEFORE DELETE ON receiving_changes
BEGIN SELECT RAISE(ABORT, 'receiving_changes rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER claim_proofs_keep_their_terms BEFORE UPDATE OF id, remittance_id, media, size, sha256, ciphertext, uploaded_at, uploaded_by ON claim_proofs
BEGIN SELECT RAISE(ABORT, 'the terms of claim_proofs rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER claim_proofs_stay_with_their_claim BEFORE UPDATE OF claim_id ON claim_proofs WHEN OLD.claim_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'claim_proofs rows stay with their claim'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER claim_proofs_are_kept BEFORE DELETE ON claim_proofs
BEGIN SELECT RAISE(ABORT, 'claim_proofs rows are never deleted'); END;
-- +goose StatementEnd
