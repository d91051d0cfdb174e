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
  opened_at    BIGINT NOT NULL,
  closed_at    BIGINT
);

CREATE TABLE number_pools (
  id           TEXT PRIMARY KEY,
  receiving_id TEXT NOT NULL REFERENCES receiving_accounts (id),
  kind         TEXT NOT NULL CHECK (kind IN ('range', 'list')),
  scheme       TEXT NOT NULL,
  country      TEXT NOT NULL,
  bank_code    TEXT NOT NULL,
  prefix       TEXT NOT NULL,
  digits       INTEGER NOT NULL,
  next         BIGINT NOT NULL, -- the counter of the next number; above last when none is left
  last         BIGINT NOT NULL,
  warn_at      BIGINT NOT NULL,
  opened_at    BIGINT NOT NULL,
  CHECK (next <= last + 1)
);
CREATE INDEX number_pools_receiving ON number_pools (receiving_id, id);

-- The numbers of lists, in the order in which they are given out.
CREATE TABLE pool_numbers (
  pool_id  TEXT NOT NULL REFERENCES number_pools (id),
  position BIGINT NOT NULL,
  number   TEXT NOT NULL UNIQUE,
  PRIMARY KEY (pool_id, position)
);

-- A number is its customer's for ever (R-WIRE-01); one that was retired is still theirs.
CREATE TABLE virtual_accounts (
  id           TEXT PRIMARY KEY,
  pool_id      TEXT NOT NULL REFERENCES number_pools (id),
  receiving_id TEXT NOT NULL REFERENCES receiving_accounts (id),
  number       TEXT NOT NULL UNIQUE,
  account_id   TEXT NOT NULL REFERENCES accounts (id),
  assigned_at  BIGINT NOT NULL,
  assigned_by  TEXT NOT NULL,
  retired_at   BIGINT
);
CREATE UNIQUE INDEX virtual_accounts_one_each ON virtual_accounts (account_id) WHERE retired_at IS NULL;
CREATE INDEX virtual_accounts_account ON virtual_accounts (account_id, id);
CREATE INDEX virtual_accounts_receiving ON virtual_accounts (receiving_id) WHERE retired_at IS NULL;

CREATE TABLE payment_references (
  reference  TEXT PRIMARY KEY,
  account_id TEXT NOT NULL UNIQUE REFERENCES accounts (id),
  made_at    BIGINT NOT NULL
);

CREATE TRIGGER receiving_accounts_keep_their_terms BEFORE UPDATE OF id, seller, country, serves, currency, bank, bank_address, bic, holder, scheme, bank_code, number, rails, shared, opened_at OR DELETE ON receiving_accounts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receiving_accounts_stay_closed BEFORE UPDATE OF closed_at ON receiving_accounts FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER number_pools_keep_their_terms BEFORE UPDATE OF id, receiving_id, kind, scheme, country, bank_code, prefix, digits, last, warn_at, opened_at OR DELETE ON number_pools FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER number_pools_go_on BEFORE UPDATE OF next ON number_pools FOR EACH ROW WHEN (NEW.next <= OLD.next) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pool_numbers_are_kept BEFORE UPDATE OR DELETE ON pool_numbers FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER virtual_accounts_keep_their_customer BEFORE UPDATE OF id, pool_id, receiving_id, number, account_id, assigned_at, assigned_by OR DELETE ON virtual_accounts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER virtual_accounts_stay_retired BEFORE UPDATE OF retired_at ON virtual_accounts FOR EACH ROW WHEN (OLD.retired_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_references_are_kept BEFORE UPDATE OR DELETE ON payment_references FOR EACH ROW EXECUTE FUNCTION refuse_change();
