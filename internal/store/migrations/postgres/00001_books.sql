-- +goose Up
-- The first tables. Instants are UTC microseconds, amounts minor units beside a
-- currency; usage is micro-units and the rest in 1e-12. Every key starts with,
-- or can be found from, the account.

CREATE TABLE installation (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE accounts (
  id               TEXT PRIMARY KEY,
  reference        TEXT NOT NULL UNIQUE,
  kind             TEXT NOT NULL CHECK (kind IN ('individual', 'enterprise')),
  name             TEXT NOT NULL,
  country          TEXT NOT NULL,
  registered_at    BIGINT NOT NULL,
  currency         TEXT NOT NULL,
  zone             TEXT NOT NULL,
  email            TEXT NOT NULL,
  language         TEXT NOT NULL,
  address          TEXT NOT NULL,
  tax_id           TEXT NOT NULL,
  credit           SMALLINT NOT NULL,
  state            TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'silent', 'closed')),
  overdue_since    BIGINT,
  closed_through   TEXT NOT NULL, -- the last month whose bill is issued; later ones are open
  created_at       BIGINT NOT NULL,
  threshold_factor BIGINT NOT NULL DEFAULT 10000, -- of the amount where it starts, in 1/10,000 (R-THR-08)
  threshold_streak BIGINT NOT NULL DEFAULT 0      -- threshold debts in a row that were paid at once
);

CREATE TABLE provider_customers (
  account_id TEXT NOT NULL REFERENCES accounts (id),
  provider   TEXT NOT NULL,
  ref        TEXT NOT NULL,
  PRIMARY KEY (account_id, provider)
);

CREATE TABLE payment_methods (
  id                  TEXT PRIMARY KEY,
  account_id          TEXT NOT NULL REFERENCES accounts (id),
  kind                TEXT NOT NULL CHECK (kind IN ('card', 'paypal')),
  provider            TEXT NOT NULL,
  token               TEXT NOT NULL, -- the provider's name for it
  fingerprint         TEXT NOT NULL,
  brand               TEXT NOT NULL,
  networks            TEXT NOT NULL, -- every scheme that the card can be charged over, as JSON
  funding             TEXT NOT NULL,
  country             TEXT NOT NULL,
  last4               TEXT NOT NULL,
  exp_month           SMALLINT NOT NULL,
  exp_year            SMALLINT NOT NULL,
  holder              TEXT NOT NULL,
  state               TEXT NOT NULL CHECK (state IN ('verifying', 'challenged', 'active', 'unavailable', 'invalid', 'expired', 'rejected', 'detached')),
  reason              TEXT NOT NULL, -- why it is in its state; '' none
  preferred           SMALLINT NOT NULL,
  network_transaction TEXT NOT NULL, -- of the first charge with the payer present, quoted in later ones (R-3DS-07)
  three_ds            TEXT NOT NULL,
  consent             TEXT NOT NULL, -- text version, time and address (R-BIND-18)
  created_at          BIGINT NOT NULL,
  updated_at          BIGINT NOT NULL,
  CHECK (preferred = 0 OR state = 'active')
);
CREATE UNIQUE INDEX payment_methods_one_holder ON payment_methods (fingerprint) WHERE state NOT IN ('rejected', 'detached');
CREATE UNIQUE INDEX payment_methods_one_preferred ON payment_methods (account_id) WHERE preferred = 1;
CREATE INDEX payment_methods_account ON payment_methods (account_id, id);

CREATE TABLE bind_attempts (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  network     TEXT NOT NULL, -- the caller's /24 or /56; '' unknown
  outcome     TEXT NOT NULL,
  at          BIGINT NOT NULL
);
CREATE INDEX bind_attempts_account ON bind_attempts (account_id, at);
CREATE INDEX bind_attempts_fingerprint ON bind_attempts (fingerprint, at);
CREATE INDEX bind_attempts_network ON bind_attempts (network, at);

CREATE TABLE holds (
  id              TEXT PRIMARY KEY,
  account_id      TEXT NOT NULL REFERENCES accounts (id),
  method_id       TEXT NOT NULL REFERENCES payment_methods (id),
  kind            TEXT NOT NULL CHECK (kind IN ('verification', 'exposure')),
  key             TEXT NOT NULL UNIQUE, -- given to the provider; nothing random in it
  customer        TEXT NOT NULL,
  provider_ref    TEXT UNIQUE,
  currency        TEXT NOT NULL,
  amount          BIGINT NOT NULL CHECK (amount > 0),
  force_3ds       SMALLINT NOT NULL,
  return_url      TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('opening', 'challenged', 'placed', 'unknown', 'releasing', 'released', 'expired', 'declined')),
  challenge_url   TEXT NOT NULL,
  challenge_until BIGINT,
  asked           INTEGER NOT NULL, -- how often the provider was asked how it stands
  opened_at       BIGINT NOT NULL,
  placed_at       BIGINT,
  void_due        BIGINT, -- the latest moment for its release (R-BIND-12)
  expires_at      BIGINT, -- as the provider says (R-AUTH-01)
  ended_at        BIGINT
);
CREATE INDEX holds_account ON holds (account_id, id);
CREATE INDEX holds_method ON holds (method_id, id);
CREATE UNIQUE INDEX holds_one_live ON holds (method_id, kind) WHERE state IN ('opening', 'challenged', 'placed', 'unknown', 'releasing');
CREATE INDEX holds_live ON holds (void_due) WHERE state IN ('opening', 'challenged', 'placed', 'unknown', 'releasing');

CREATE TABLE collections (
  account_id TEXT NOT NULL REFERENCES accounts (id),
  number     BIGINT NOT NULL,
  month      TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('open', 'shut')),
  opened_at  BIGINT NOT NULL,
  shut_at    BIGINT,
  PRIMARY KEY (account_id, number)
);
CREATE UNIQUE INDEX collections_one_open ON collections (account_id, month) WHERE state = 'open';

-- A unique index on what platforms choose as ids is the dearest part of taking
-- usage in, so it is one on 16 bytes.
CREATE TABLE usage_lines (
  line_key    BYTEA PRIMARY KEY, -- hash of account and line id, those of one account beside each other
  account_id  TEXT NOT NULL,
  line_id     TEXT NOT NULL,
  content     BYTEA NOT NULL, -- tells another line under the same id
  collection  BIGINT NOT NULL, -- 0: tax, kept and counted, never collected
  product     TEXT NOT NULL,
  micro       BIGINT NOT NULL,
  pico        BIGINT NOT NULL,
  started_at  BIGINT NOT NULL,
  received_at BIGINT NOT NULL
);

CREATE TABLE exposures (
  account_id TEXT NOT NULL,
  collection BIGINT NOT NULL,
  product    TEXT NOT NULL,
  micro      BIGINT NOT NULL,
  pico       BIGINT NOT NULL,
  lines      BIGINT NOT NULL,
  PRIMARY KEY (account_id, collection, product)
);

CREATE TABLE carries (
  account_id TEXT NOT NULL,
  product    TEXT NOT NULL,
  micro      BIGINT NOT NULL,
  pico       BIGINT NOT NULL,
  PRIMARY KEY (account_id, product)
);

CREATE TABLE bills (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  month      TEXT NOT NULL,
  number     TEXT NOT NULL UNIQUE,
  currency   TEXT NOT NULL,
  net        BIGINT NOT NULL,
  tax        BIGINT NOT NULL,
  amount     BIGINT NOT NULL,
  issued_at  BIGINT NOT NULL,
  UNIQUE (account_id, month),
  CHECK (amount = net + tax)
);

CREATE TABLE bill_lines (
  bill_id         TEXT NOT NULL REFERENCES bills (id),
  product         TEXT NOT NULL,
  lines           BIGINT NOT NULL,
  usage_micro     BIGINT NOT NULL,
  usage_pico      BIGINT NOT NULL,
  carry_in_micro  BIGINT NOT NULL,
  carry_in_pico   BIGINT NOT NULL,
  net             BIGINT NOT NULL,
  carry_out_micro BIGINT NOT NULL,
  carry_out_pico  BIGINT NOT NULL,
  PRIMARY KEY (bill_id, product)
);

CREATE TABLE debts (
  id              TEXT PRIMARY KEY,
  account_id      TEXT NOT NULL REFERENCES accounts (id),
  kind            TEXT NOT NULL CHECK (kind IN ('threshold', 'remainder', 'order', 'bill')),
  month           TEXT NOT NULL,
  number          BIGINT NOT NULL, -- among its kind and month
  collection      BIGINT,
  bill_id         TEXT REFERENCES bills (id),
  currency        TEXT NOT NULL,
  net             BIGINT NOT NULL,
  tax             BIGINT NOT NULL,
  amount          BIGINT NOT NULL CHECK (amount > 0),
  tax_rule        TEXT NOT NULL, -- name, rate and version (R-BILL-07); '' none
  paid            BIGINT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('open', 'paid', 'cancelled', 'written_off')),
  attempts        INTEGER NOT NULL, -- payments opened so far
  declined_at     BIGINT, -- first decline: the T of R-DUN-01
  next_attempt_at BIGINT,
  opened_at       BIGINT NOT NULL,
  settled_at      BIGINT,
  UNIQUE (account_id, kind, month, number),
  CHECK (amount = net + tax),
  CHECK (paid >= 0 AND paid <= amount),
  CHECK (state <> 'paid' OR paid = amount)
);
CREATE UNIQUE INDEX debts_one_threshold ON debts (account_id) WHERE kind = 'threshold' AND state = 'open';
CREATE UNIQUE INDEX debts_one_collection ON debts (account_id, collection) WHERE collection IS NOT NULL;
CREATE INDEX debts_account ON debts (account_id, id);
CREATE INDEX debts_open ON debts (next_attempt_at) WHERE state = 'open';
CREATE INDEX debts_bill ON debts (bill_id);

CREATE TABLE debt_lines (
  debt_id         TEXT NOT NULL REFERENCES debts (id),
  product         TEXT NOT NULL,
  lines           BIGINT NOT NULL,
  usage_micro     BIGINT NOT NULL,
  usage_pico      BIGINT NOT NULL,
  carry_in_micro  BIGINT NOT NULL,
  carry_in_pico   BIGINT NOT NULL,
  net             BIGINT NOT NULL,
  carry_out_micro BIGINT NOT NULL,
  carry_out_pico  BIGINT NOT NULL,
  PRIMARY KEY (debt_id, product)
);

CREATE TABLE payments (
  id                  TEXT PRIMARY KEY,
  account_id          TEXT NOT NULL REFERENCES accounts (id),
  debt_id             TEXT NOT NULL REFERENCES debts (id),
  method_id           TEXT NOT NULL REFERENCES payment_methods (id),
  attempt             INTEGER NOT NULL,
  key                 TEXT NOT NULL UNIQUE, -- given to the provider; nothing random in it
  provider            TEXT NOT NULL,
  customer            TEXT NOT NULL,
  provider_ref        TEXT,
  charge_ref          TEXT NOT NULL,
  currency            TEXT NOT NULL,
  amount              BIGINT NOT NULL CHECK (amount > 0),
  initiator           TEXT NOT NULL CHECK (initiator IN ('cit', 'mit')),
  reason              TEXT NOT NULL,
  mandate             TEXT NOT NULL, -- network transaction quoted (R-3DS-07)
  state               TEXT NOT NULL CHECK (state IN ('opening', 'pending', 'challenged', 'unknown', 'closing', 'succeeded', 'declined', 'cancelled')),
  decline             TEXT NOT NULL, -- class, codes and advice as JSON; '' none
  challenge_url       TEXT NOT NULL,
  challenge_until     BIGINT,
  network_transaction TEXT NOT NULL,
  three_ds            TEXT NOT NULL,
  request_id          TEXT NOT NULL, -- the provider's id of the last exchange
  asked               INTEGER NOT NULL, -- how often the provider was asked how it stands
  opened_at           BIGINT NOT NULL,
  settled_at          BIGINT,
  UNIQUE (debt_id, attempt),
  UNIQUE (provider, provider_ref)
);
CREATE UNIQUE INDEX payments_one_unresolved ON payments (debt_id) WHERE state NOT IN ('succeeded', 'declined', 'cancelled');
CREATE INDEX payments_account ON payments (account_id, id);
CREATE INDEX payments_method ON payments (method_id, opened_at);
CREATE INDEX payments_unresolved ON payments (opened_at) WHERE state NOT IN ('succeeded', 'declined', 'cancelled');

CREATE TABLE entries (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL, -- the debt, payment or remittance that it books
  currency   TEXT NOT NULL,
  amount     BIGINT NOT NULL CHECK (amount > 0), -- sum of its debits
  booked_at  BIGINT NOT NULL,
  UNIQUE (subject, kind)
);
CREATE INDEX entries_account ON entries (account_id, id);

CREATE TABLE postings (
  entry_id       TEXT NOT NULL REFERENCES entries (id),
  line           SMALLINT NOT NULL,
  ledger_account TEXT NOT NULL,
  account_id     TEXT NOT NULL, -- the customer, where the ledger account is kept per customer; else ''
  currency       TEXT NOT NULL,
  amount         BIGINT NOT NULL CHECK (amount <> 0), -- debit positive, credit negative
  PRIMARY KEY (entry_id, line)
);

CREATE TABLE balances (
  account_id     TEXT NOT NULL,
  ledger_account TEXT NOT NULL,
  currency       TEXT NOT NULL,
  amount         BIGINT NOT NULL,
  PRIMARY KEY (account_id, ledger_account, currency)
);

CREATE TABLE audit (
  chain    TEXT NOT NULL, -- an account's id, or 'office' for staff and policy
  number   BIGINT NOT NULL,
  at       BIGINT NOT NULL,
  by       TEXT NOT NULL,
  action   TEXT NOT NULL,
  subject  TEXT NOT NULL,
  detail   TEXT NOT NULL,
  previous BYTEA NOT NULL,
  hash     BYTEA NOT NULL,
  PRIMARY KEY (chain, number)
);
CREATE INDEX audit_subject ON audit (subject, number);

CREATE TABLE audit_heads (
  chain  TEXT PRIMARY KEY,
  number BIGINT NOT NULL,
  hash   BYTEA NOT NULL
);

CREATE TABLE events (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  version    INTEGER NOT NULL,
  payload    TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX events_account ON events (account_id, id);

CREATE TABLE webhook_endpoints (
  id          TEXT PRIMARY KEY,
  url         TEXT NOT NULL,
  kinds       TEXT NOT NULL, -- JSON array of event kinds; empty means all
  secrets     TEXT NOT NULL, -- JSON array of secret and end of life, newest first
  state       TEXT NOT NULL CHECK (state IN ('enabled', 'disabled')),
  description TEXT NOT NULL,
  created_at  BIGINT NOT NULL
);

CREATE TABLE deliveries (
  id          TEXT PRIMARY KEY,
  endpoint_id TEXT NOT NULL REFERENCES webhook_endpoints (id),
  event_id    TEXT NOT NULL REFERENCES events (id),
  state       TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
  attempts    INTEGER NOT NULL,
  next_at     BIGINT,
  last_status INTEGER NOT NULL,
  last_error  TEXT NOT NULL,
  last_at     BIGINT,
  created_at  BIGINT NOT NULL,
  UNIQUE (endpoint_id, event_id)
);
CREATE INDEX deliveries_endpoint ON deliveries (endpoint_id, id);
CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';

CREATE TABLE delivery_attempts (
  delivery_id TEXT NOT NULL REFERENCES deliveries (id),
  number      INTEGER NOT NULL,
  at          BIGINT NOT NULL,
  status      INTEGER NOT NULL, -- of the answer; 0 none came
  error       TEXT NOT NULL,
  took        BIGINT NOT NULL, -- microseconds
  PRIMARY KEY (delivery_id, number)
);

CREATE TABLE provider_events (
  provider    TEXT NOT NULL,
  id          TEXT NOT NULL,
  kind        TEXT NOT NULL,
  ref         TEXT NOT NULL,
  body        TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  worked_at   BIGINT,
  PRIMARY KEY (provider, id)
);

CREATE TABLE policies (
  version      TEXT PRIMARY KEY,
  effective_at BIGINT NOT NULL UNIQUE,
  document     TEXT NOT NULL,
  applied_at   BIGINT NOT NULL,
  applied_by   TEXT NOT NULL
);

CREATE TABLE api_keys (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  hash       BYTEA NOT NULL UNIQUE, -- SHA-256 of the key; the key itself is shown once
  scopes     TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  used_at    BIGINT
);

CREATE TABLE idempotency_keys (
  caller      TEXT NOT NULL,
  key         TEXT NOT NULL,
  request     BYTEA NOT NULL, -- hash of method, path and body
  status      INTEGER NOT NULL, -- 0 while the first request runs
  answer      TEXT NOT NULL,
  started_at  BIGINT NOT NULL,
  PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (started_at);

CREATE TABLE tickets (
  hash       BYTEA PRIMARY KEY, -- SHA-256 of a one-time link's token, or of a session's cookie
  kind       TEXT NOT NULL CHECK (kind IN ('link', 'session', 'challenge')),
  account_id TEXT NOT NULL,
  subject    TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT
);

CREATE TABLE notices (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  detail     TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (subject, kind)
);
CREATE INDEX notices_account ON notices (account_id, id);

CREATE TABLE jobs (
  id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind          TEXT NOT NULL,
  subject       TEXT NOT NULL,
  unique_key    TEXT UNIQUE, -- at most one such job waits; NULL any number
  due_at        BIGINT NOT NULL, -- the largest number while it runs and is not wanted again
  attempts      INTEGER NOT NULL,
  claimed_until BIGINT, -- NULL: nobody runs it
  river_job     BIGINT, -- the job of River that comes for it; another that comes is superseded
  last_error    TEXT NOT NULL
);
CREATE INDEX jobs_due ON jobs (due_at, id);
CREATE INDEX jobs_claimed ON jobs (claimed_until) WHERE claimed_until IS NOT NULL;

-- Rows that say what happened are never updated or deleted.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% rows are inserted, never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER entries_are_kept BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_are_kept BEFORE UPDATE OR DELETE ON postings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_lines_are_kept BEFORE UPDATE OR DELETE ON usage_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_are_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER debt_lines_are_kept BEFORE UPDATE OR DELETE ON debt_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bill_lines_are_kept BEFORE UPDATE OR DELETE ON bill_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bills_are_kept BEFORE UPDATE OR DELETE ON bills FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What a debt, a payment and a hold ask for is settled when they are opened; none is ever deleted.
CREATE TRIGGER debts_keep_their_terms BEFORE UPDATE OF account_id, kind, month, number, collection, currency, net, tax, amount, tax_rule, opened_at OR DELETE ON debts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_keep_their_terms BEFORE UPDATE OF account_id, debt_id, method_id, attempt, key, provider, customer, currency, amount, opened_at OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER holds_keep_their_terms BEFORE UPDATE OF account_id, method_id, kind, key, customer, currency, amount, opened_at OR DELETE ON holds FOR EACH ROW EXECUTE FUNCTION refuse_change();
