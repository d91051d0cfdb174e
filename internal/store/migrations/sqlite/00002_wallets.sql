-- +goose Up
-- PayPal: agreements, holds that money is taken from, thresholds of their own;
-- what speaks against deleting a method, and accounts that close.

ALTER TABLE accounts ADD COLUMN paypal_factor INTEGER NOT NULL DEFAULT 10000; -- as threshold_factor, of PayPal's thresholds
ALTER TABLE accounts ADD COLUMN paypal_streak INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN silent_since INTEGER; -- when closing was asked for (R-CLOSE-01)

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
  opened_at    INTEGER NOT NULL,
  returned_at  INTEGER, -- when the payer came back
  until        INTEGER NOT NULL, -- the payer decides by then
  ended_at     INTEGER
) STRICT;
CREATE INDEX agreements_account ON agreements (account_id, id);
CREATE INDEX agreements_live ON agreements (opened_at) WHERE state IN ('opening', 'waiting', 'discarding');

-- What runs at the platform, as it last told (R-DEL-03).
CREATE TABLE resources (
  account_id  TEXT PRIMARY KEY REFERENCES accounts (id),
  running     INTEGER NOT NULL CHECK (running >= 0),
  examples    TEXT NOT NULL, -- some of their names, as JSON
  reported_at INTEGER NOT NULL
) STRICT;

ALTER TABLE holds RENAME TO holds_before;
CREATE TABLE holds (
  id              TEXT PRIMARY KEY,
  account_id      TEXT NOT NULL REFERENCES accounts (id),
  method_id       TEXT NOT NULL REFERENCES payment_methods (id),
  kind            TEXT NOT NULL CHECK (kind IN ('verification', 'exposure')),
  provider        TEXT NOT NULL,
  key             TEXT NOT NULL UNIQUE, -- given to the provider; nothing random in it
  customer        TEXT NOT NULL,
  provider_ref    TEXT,
  charge_ref      TEXT NOT NULL, -- the authorization that money can be taken from
  currency        TEXT NOT NULL,
  amount          INTEGER NOT NULL CHECK (amount > 0),
  force_3ds       INTEGER NOT NULL,
  return_url      TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing', 'released', 'expired', 'declined', 'captured')),
  reason          TEXT NOT NULL, -- why it ended; '' none
  challenge_url   TEXT NOT NULL,
  challenge_until INTEGER,
  asked           INTEGER NOT NULL, -- how often the provider was asked how it stands
  opened_at       INTEGER NOT NULL,
  placed_at       INTEGER,
  void_due        INTEGER, -- the latest moment for its release (R-BIND-12)
  honored_until   INTEGER, -- until when its funds are promised (R-PP-09)
  renewed_at      INTEGER,
  expires_at      INTEGER, -- as the provider says (R-AUTH-01)
  ended_at        INTEGER,
  usage_lines     INTEGER NOT NULL, -- that the account had when use was last looked for
  used_at         INTEGER, -- when usage was last seen
  UNIQUE (provider, provider_ref)
) STRICT;
INSERT INTO holds
SELECT h.id, h.account_id, h.method_id, h.kind, m.provider, h.key, h.customer, h.provider_ref, '', h.currency, h.amount, h.force_3ds, h.return_url,
       h.state, '', h.challenge_url, h.challenge_until, h.asked, h.opened_at, h.placed_at, h.void_due, NULL, NULL, h.expires_at, h.ended_at, 0, NULL
  FROM holds_before AS h
  JOIN payment_methods AS m ON m.id = h.method_id;
DROP TABLE holds_before;
CREATE INDEX holds_account ON holds (account_id, id);
CREATE INDEX holds_method ON holds (method_id, id);
CREATE UNIQUE INDEX holds_one_live ON holds (method_id, kind) WHERE state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing');
CREATE UNIQUE INDEX holds_one_exposure ON holds (account_id) WHERE kind = 'exposure' AND state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing');
CREATE INDEX holds_live ON holds (void_due) WHERE state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing');
