-- +goose Up
-- What risk said, the identity checks that it asked for, their documents, and who
-- has looked at those.

CREATE TABLE judgements (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  occasion   TEXT NOT NULL CHECK (occasion IN ('bind', 'purchase', 'upgrade', 'renewal', 'topup', 'charge')),
  subject    TEXT NOT NULL, -- the id of what was about to be done
  method_id  TEXT NOT NULL, -- '' it is not bound yet
  verdict    TEXT NOT NULL CHECK (verdict IN ('allow', 'challenge', 'verify_identity', 'refuse')),
  rule       TEXT NOT NULL, -- that decided; '' none fired
  policy     TEXT NOT NULL, -- its version
  message    TEXT NOT NULL,
  broken     INTEGER NOT NULL,
  inputs     TEXT NOT NULL, -- as JSON: what the rules were given
  at         INTEGER NOT NULL
) STRICT;
CREATE INDEX judgements_account ON judgements (account_id, id);
CREATE INDEX judgements_subject ON judgements (subject, id);
CREATE INDEX judgements_stopped ON judgements (id) WHERE verdict IN ('verify_identity', 'refuse');

CREATE TABLE identity_cases (
  id           TEXT PRIMARY KEY,
  account_id   TEXT NOT NULL REFERENCES accounts (id),
  instrument   TEXT NOT NULL, -- the fingerprint of what was to be paid with
  method_id    TEXT NOT NULL, -- '' it was not bound when it was stopped
  looks        TEXT NOT NULL, -- as JSON: what a reviewer holds its picture against
  order_id     TEXT NOT NULL, -- that waits; '' none
  occasion     TEXT NOT NULL,
  rule         TEXT NOT NULL,
  policy       TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('open', 'submitted', 'approved', 'rejected', 'expired')),
  round        INTEGER NOT NULL CHECK (round > 0),
  reason       TEXT NOT NULL,
  refused      TEXT NOT NULL, -- as JSON: the kinds of documents that have to be sent again
  opened_at    INTEGER NOT NULL,
  submit_by    INTEGER NOT NULL,
  submitted_at INTEGER,
  review_by    INTEGER,
  decided_at   INTEGER,
  decided_by   TEXT NOT NULL,
  erase_at     INTEGER
) STRICT;
CREATE INDEX identity_cases_account ON identity_cases (account_id, id);
CREATE UNIQUE INDEX identity_cases_one_live ON identity_cases (account_id, instrument) WHERE state IN ('open', 'submitted', 'rejected');
CREATE INDEX identity_cases_verified ON identity_cases (account_id, instrument) WHERE state = 'approved';
CREATE INDEX identity_cases_to_submit ON identity_cases (submit_by) WHERE state IN ('open', 'rejected');
CREATE INDEX identity_cases_to_review ON identity_cases (id) WHERE state = 'submitted';
CREATE INDEX identity_cases_to_erase ON identity_cases (erase_at) WHERE erase_at IS NOT NULL;

-- A document is encrypted under a key of its own, which is wrapped by a master key
-- that is not in the database. It is erased by destroying the wrapped key.
CREATE TABLE identity_documents (
  id          TEXT PRIMARY KEY,
  case_id     TEXT NOT NULL REFERENCES identity_cases (id),
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  kind        TEXT NOT NULL CHECK (kind IN ('registered_identity', 'payment_method_image', 'latest_statement')),
  round       INTEGER NOT NULL CHECK (round > 0),
  media       TEXT NOT NULL,
  size        INTEGER NOT NULL CHECK (size > 0),
  width       INTEGER NOT NULL,
  height      INTEGER NOT NULL,
  pages       INTEGER NOT NULL,
  sha256      TEXT NOT NULL, -- '' once erased: it tells who has the same file
  master      TEXT NOT NULL, -- which master key wraps; '' once erased
  wrapped_key BLOB,
  ciphertext  BLOB NOT NULL,
  uploaded_at INTEGER NOT NULL,
  uploaded_by TEXT NOT NULL,
  erased_at   INTEGER,
  CHECK ((wrapped_key IS NULL) = (erased_at IS NOT NULL)),
  CHECK (erased_at IS NULL OR sha256 = '' AND master = '')
) STRICT;
CREATE INDEX identity_documents_case ON identity_documents (case_id, id);
CREATE INDEX identity_documents_kept ON identity_documents (case_id) WHERE erased_at IS NULL;

CREATE TABLE identity_views (
  id          TEXT PRIMARY KEY,
  document_id TEXT NOT NULL REFERENCES identity_documents (id),
  case_id     TEXT NOT NULL REFERENCES identity_cases (id),
  account_id  TEXT NOT NULL,
  viewer      TEXT NOT NULL,
  address     TEXT NOT NULL,
  reason      TEXT NOT NULL,
  at          INTEGER NOT NULL
) STRICT;
CREATE INDEX identity_views_document ON identity_views (document_id, id);
CREATE INDEX identity_views_case ON identity_views (case_id, id);

-- +goose StatementBegin
CREATE TRIGGER judgements_are_kept_on_update BEFORE UPDATE ON judgements
BEGIN SELECT RAISE(ABORT, 'judgements rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER judgements_are_kept_on_delete BEFORE DELETE ON judgements
BEGIN SELECT RAISE(ABORT, 'judgements rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER identity_views_are_kept_on_update BEFORE UPDATE ON identity_views
BEGIN SELECT RAISE(ABORT, 'identity_views rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER identity_views_are_kept_on_delete BEFORE DELETE ON identity_views
BEGIN SELECT RAISE(ABORT, 'identity_views rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER identity_cases_keep_their_terms BEFORE UPDATE OF account_id, instrument, method_id, looks, order_id, occasion, rule, policy, opened_at ON identity_cases
BEGIN SELECT RAISE(ABORT, 'identity_cases rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER identity_cases_are_kept BEFORE DELETE ON identity_cases
BEGIN SELECT RAISE(ABORT, 'identity_cases rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER identity_documents_keep_their_terms BEFORE UPDATE OF case_id, account_id, kind, round, media, size, width, height, pages, uploaded_at, uploaded_by ON identity_documents
BEGIN SELECT RAISE(ABORT, 'identity_documents rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER identity_documents_are_kept BEFORE DELETE ON identity_documents
BEGIN SELECT RAISE(ABORT, 'identity_documents rows are inserted, never changed'); END;
-- +goose StatementEnd
