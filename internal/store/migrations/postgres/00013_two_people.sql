-- +goose Up
-- Where customers transfer money to is proposed by one person and agreed to by another,
-- a bank account may have one number in several currencies, claims come with files that
-- prove them, and staff are told of receipts that wait too long.

ALTER TABLE receiving_accounts DROP CONSTRAINT receiving_accounts_number_key;
ALTER TABLE receiving_accounts ADD CONSTRAINT receiving_accounts_number_currency UNIQUE (number, currency); -- a bank may keep several currencies under one number

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
  proposed_at  BIGINT NOT NULL,
  decided_by   TEXT NOT NULL,
  decided_at   BIGINT,
  note         TEXT NOT NULL,
  CHECK (decided_by = '' OR decided_by <> proposed_by), -- four eyes
  CHECK ((decided_by = '') = (state IN ('proposed', 'withdrawn')))
);
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
  size          BIGINT NOT NULL CHECK (size > 0),
  sha256        TEXT NOT NULL,
  master        TEXT NOT NULL, -- which master key wraps
  wrapped_key   BYTEA NOT NULL,
  ciphertext    BYTEA NOT NULL,
  uploaded_at   BIGINT NOT NULL,
  uploaded_by   TEXT NOT NULL
);
CREATE INDEX claim_proofs_remittance ON claim_proofs (remittance_id);

-- How far staff were told that a receipt waits: one row for each crossing.
CREATE TABLE receipt_reminders (
  remittance_id TEXT NOT NULL REFERENCES remittances (id),
  crossing      TEXT NOT NULL CHECK (crossing IN ('due', 'late')),
  at            BIGINT NOT NULL,
  PRIMARY KEY (remittance_id, crossing)
);
CREATE INDEX remittances_due ON remittances (due_at) WHERE state IN ('unclaimed', 'returning');

-- +goose StatementBegin
CREATE FUNCTION refuse_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'number_pools' THEN
    IF EXISTS (SELECT 1 FROM receiving_changes WHERE pool_id = NEW.id AND kind = 'pool' AND state = 'agreed') THEN RETURN NEW; END IF;
  ELSIF EXISTS (SELECT 1 FROM receiving_changes WHERE receiving_id = NEW.id AND kind = CASE TG_OP WHEN 'INSERT' THEN 'open' ELSE 'close' END AND state = 'agreed') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% rows need the word of two people', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER receiving_accounts_are_agreed BEFORE INSERT OR UPDATE OF closed_at ON receiving_accounts FOR EACH ROW EXECUTE FUNCTION refuse_alone();
CREATE TRIGGER number_pools_are_agreed BEFORE INSERT ON number_pools FOR EACH ROW EXECUTE FUNCTION refuse_alone();
CREATE TRIGGER receiving_changes_keep_their_terms BEFORE UPDATE OF id, kind, receiving_id, pool_id, terms, reason, proposed_by, proposed_at OR DELETE ON receiving_changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receiving_changes_stay_decided BEFORE UPDATE ON receiving_changes FOR EACH ROW WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER claim_proofs_keep_their_terms BEFORE UPDATE OF id, remittance_id, media, size, sha256, ciphertext, uploaded_at, uploaded_by OR DELETE ON claim_proofs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER claim_proofs_stay_with_their_claim BEFORE UPDATE OF claim_id ON claim_proofs FOR EACH ROW WHEN (OLD.claim_id IS NOT NULL) EXECUTE FUNCTION refuse_change();
