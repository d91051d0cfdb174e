-- +goose Up
-- PayPal: agreements, holds that money is taken from, thresholds of their own;
-- what speaks against deleting a method, and accounts that close.

ALTER TABLE accounts ADD COLUMN paypal_factor BIGINT NOT NULL DEFAULT 10000; -- as threshold_factor, of PayPal's thresholds
ALTER TABLE accounts ADD COLUMN paypal_streak BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN silent_since BIGINT; -- when closing was asked for (R-CLOSE-01)

ALTER TABLE payment_methods ADD COLUMN email TEXT NOT NULL DEFAULT ''; -- of a PayPal account

CREATE INDEX payment_methods_token ON payment_methods (provider, token);

ALTER TABLE payments ADD COLUMN hold_id TEXT NOT NULL DEFAULT ''; -- the hold that it is taken from; '' none

CREATE TABLE agreements (
  id           TEXT PRIMARY KEY,
  account_id   TEXT NOT NULL REFERENCES accounts (id),
  provider     TEXT NOT NULL,
  key          TEXT NOT NULL UNIQUE, -- given to the provider; nothing random in it but the id
  customer     TEXT NOT NULL,
  provider_ref TEXT UNIQUE,
  token        TEXT NOT NULL, -- of an agreement that is not kept, until the provider has forgotten it
  try_id       TEXT NOT NULL,
  method_id    TEXT NOT NULL, -- what came of it; '' nothing
  consent      TEXT NOT NULL,
  language     TEXT NOT NULL,
  return_url   TEXT NOT NULL,
  approve_url  TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('opening', 'waiting', 'kept', 'discarding', 'refused', 'lapsed')),
  reason       TEXT NOT NULL, -- why it was refused; '' it was not
  asked        INTEGER NOT NULL,
  opened_at    BIGINT NOT NULL,
  returned_at  BIGINT, -- when the payer came back
  until        BIGINT NOT NULL, -- the payer decides by then
  ended_at     BIGINT
);
CREATE INDEX agreements_account ON agreements (account_id, id);
CREATE INDEX agreements_live ON agreements (opened_at) WHERE state IN ('opening', 'waiting', 'discarding');

-- What runs at the platform, as it last told (R-DEL-03).
CREATE TABLE resources (
  account_id  TEXT PRIMARY KEY REFERENCES accounts (id),
  running     BIGINT NOT NULL CHECK (running >= 0),
  examples    TEXT NOT NULL, -- some of their names, as JSON
  reported_at BIGINT NOT NULL
);

ALTER TABLE holds
  ADD COLUMN provider      TEXT NOT NULL DEFAULT '',
  ADD COLUMN charge_ref    TEXT NOT NULL DEFAULT '', -- the authorization that money can be taken from
  ADD COLUMN reason        TEXT NOT NULL DEFAULT '', -- why it ended; '' none
  ADD COLUMN honored_until BIGINT, -- until when its funds are promised (R-PP-09)
  ADD COLUMN renewed_at    BIGINT,
  ADD COLUMN usage_lines   BIGINT NOT NULL DEFAULT 0, -- that the account had when use was last looked for
  ADD COLUMN used_at       BIGINT, -- when usage was last seen
  DROP CONSTRAINT holds_state_check,
  ADD CONSTRAINT holds_state_check CHECK (state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing', 'released', 'expired', 'declined', 'captured')),
  DROP CONSTRAINT holds_provider_ref_key;
UPDATE holds SET provider = m.provider FROM payment_methods AS m WHERE m.id = holds.method_id;
ALTER TABLE holds ADD CONSTRAINT holds_provider_ref_key UNIQUE (provider, provider_ref);
DROP INDEX holds_one_live;
DROP INDEX holds_live;
CREATE UNIQUE INDEX holds_one_live ON holds (method_id, kind) WHERE state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing');
CREATE UNIQUE INDEX holds_one_exposure ON holds (account_id) WHERE kind = 'exposure' AND state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing');
CREATE INDEX holds_live ON holds (void_due) WHERE state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing');
