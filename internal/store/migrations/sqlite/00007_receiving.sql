-- +goose Up
-- Where customers transfer money to: our bank accounts, the numbers that are one
-- customer's alone, and the references of those who share an account.

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
  number       TEXT NOT NULL UNIQUE, -- without spaces
  rails        TEXT NOT NULL, -- as JSON
  shared       INTEGER NOT NULL,
  opened_at    INTEGER NOT NULL,
  closed_at    INTEGER
) STRICT;

CREATE TABLE number_pools (
  id           TEXT PRIMARY KEY,
  receiving_id TEXT NOT NULL REFERENCES receiving_accounts (id),
  kind         TEXT NOT NULL CHECK (kind IN ('range', 'list')),
  scheme       TEXT NOT NULL,
  country      TEXT NOT NULL,
  bank_code    TEXT NOT NULL,
  prefix       TEXT NOT NULL,
  digits       INTEGER NOT NULL,
  next         INTEGER NOT NULL, -- the counter of the next number; above last when none is left
  last         INTEGER NOT NULL,
  warn_at      INTEGER NOT NULL,
  opened_at    INTEGER NOT NULL,
  CHECK (next <= last + 1)
) STRICT;
CREATE INDEX number_pools_receiving ON number_pools (receiving_id, id);

-- The numbers of lists, in the order in which they are given out.
CREATE TABLE pool_numbers (
  pool_id  TEXT NOT NULL REFERENCES number_pools (id),
  position INTEGER NOT NULL,
  number   TEXT NOT NULL UNIQUE,
  PRIMARY KEY (pool_id, position)
) STRICT;

-- A number is its customer's for ever (R-WIRE-01); one that was retired is still theirs.
CREATE TABLE virtual_accounts (
  id           TEXT PRIMARY KEY,
  pool_id      TEXT NOT NULL REFERENCES number_pools (id),
  receiving_id TEXT NOT NULL REFERENCES receiving_accounts (id),
  number       TEXT NOT NULL UNIQUE,
  account_id   TEXT NOT NULL REFERENCES accounts (id),
  assigned_at  INTEGER NOT NULL,
  assigned_by  TEXT NOT NULL,
  retired_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX virtual_accounts_one_each ON virtual_accounts (account_id) WHERE retired_at IS NULL;
CREATE INDEX virtual_accounts_account ON virtual_accounts (account_id, id);
CREATE INDEX virtual_accounts_receiving ON virtual_accounts (receiving_id) WHERE retired_at IS NULL;

CREATE TABLE payment_references (
  reference  TEXT PRIMARY KEY,
  account_id TEXT NOT NULL UNIQUE REFERENCES accounts (id),
  made_at    INTEGER NOT NULL
) STRICT;

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
CREATE TRIGGER number_pools_keep_their_terms BEFORE UPDATE OF id, receiving_id, kind, scheme, country, bank_code, prefix, digits, last, warn_at, opened_at ON number_pools
BEGIN SELECT RAISE(ABORT, 'the terms of number_pools rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER number_pools_go_on BEFORE UPDATE OF next ON number_pools WHEN NEW.next <= OLD.next
BEGIN SELECT RAISE(ABORT, 'number_pools give no number out twice'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER number_pools_are_kept BEFORE DELETE ON number_pools
BEGIN SELECT RAISE(ABORT, 'number_pools rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pool_numbers_are_kept_on_update BEFORE UPDATE ON pool_numbers
BEGIN SELECT RAISE(ABORT, 'pool_numbers rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pool_numbers_are_kept_on_delete BEFORE DELETE ON pool_numbers
BEGIN SELECT RAISE(ABORT, 'pool_numbers rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER virtual_accounts_keep_their_customer BEFORE UPDATE OF id, pool_id, receiving_id, number, account_id, assigned_at, assigned_by ON virtual_accounts
BEGIN SELECT RAISE(ABORT, 'virtual_accounts rows keep their customer'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER virtual_accounts_stay_retired BEFORE UPDATE OF retired_at ON virtual_accounts WHEN OLD.retired_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'virtual_accounts rows that are retired stay retired'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER virtual_accounts_are_kept BEFORE DELETE ON virtual_accounts
BEGIN SELECT RAISE(ABORT, 'virtual_accounts rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_references_are_kept_on_update BEFORE UPDATE ON payment_references
BEGIN SELECT RAISE(ABORT, 'payment_references rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_references_are_kept_on_delete BEFORE DELETE ON payment_references
BEGIN SELECT RAISE(ABORT, 'payment_references rows are inserted, never changed'); END;
-- +goose StatementEnd
