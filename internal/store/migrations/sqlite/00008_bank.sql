-- +goose Up
-- What banks say: files, the statements in them, and their lines; the receipts among
-- those, who claims them, and what the other movements were.

CREATE TABLE statement_files (
  id          TEXT PRIMARY KEY,
  sha256      TEXT NOT NULL UNIQUE, -- the same bytes are the same import
  name        TEXT NOT NULL,
  size        INTEGER NOT NULL,
  format      TEXT NOT NULL,
  statements  INTEGER NOT NULL,
  entries     INTEGER NOT NULL,
  imported_by TEXT NOT NULL,
  imported_at INTEGER NOT NULL,
  read_at     INTEGER -- when all of it was; one that was interrupted goes on where it stood
) STRICT;

CREATE TABLE bank_statements (
  id             TEXT PRIMARY KEY,
  file_id        TEXT NOT NULL REFERENCES statement_files (id),
  place          INTEGER NOT NULL, -- in the file, from 1
  account_number TEXT NOT NULL,
  receiving_id   TEXT NOT NULL, -- '' while the account is none of ours
  format         TEXT NOT NULL,
  bank_id        TEXT NOT NULL,
  sequence       TEXT NOT NULL,
  page           TEXT NOT NULL,
  currency       TEXT NOT NULL,
  first_day      TEXT NOT NULL,
  last_day       TEXT NOT NULL,
  opening        INTEGER,
  closing        INTEGER,
  credits        INTEGER NOT NULL,
  debits         INTEGER NOT NULL,
  booked         INTEGER NOT NULL,
  pending        INTEGER NOT NULL,
  info           INTEGER NOT NULL,
  proof          TEXT NOT NULL CHECK (proof IN ('balanced', 'unbalanced', 'unproven')),
  remarks        TEXT NOT NULL, -- as JSON
  state          TEXT NOT NULL CHECK (state IN ('taken', 'held', 'aside')),
  reason         TEXT NOT NULL,
  imported_by    TEXT NOT NULL,
  imported_at    INTEGER NOT NULL,
  agreed_by      TEXT NOT NULL DEFAULT '',
  agreed_at      INTEGER,
  note           TEXT NOT NULL DEFAULT '',
  UNIQUE (file_id, place),
  CHECK (agreed_by = '' OR agreed_by <> imported_by),
  CHECK (proof <> 'unbalanced' OR state <> 'taken' OR agreed_by <> '')
) STRICT;
CREATE INDEX bank_statements_number ON bank_statements (account_number, first_day);
CREATE INDEX bank_statements_waiting ON bank_statements (state, id) WHERE state <> 'taken';

-- One row for each account number that statements are about: who imports one holds it.
CREATE TABLE bank_numbers (
  number TEXT PRIMARY KEY,
  held   INTEGER NOT NULL -- how often
) STRICT;

CREATE TABLE bank_lines (
  id             TEXT PRIMARY KEY,
  statement_id   TEXT NOT NULL REFERENCES bank_statements (id),
  account_number TEXT NOT NULL,
  receiving_id   TEXT NOT NULL, -- '' the account is none of ours
  format         TEXT NOT NULL,
  entry          INTEGER NOT NULL,
  part           INTEGER NOT NULL,
  parts          INTEGER NOT NULL,
  print          TEXT NOT NULL, -- tells movements apart, but for equal ones
  occurrence     INTEGER NOT NULL CHECK (occurrence > 0), -- among equal ones
  core           TEXT NOT NULL,
  loose          TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('pending', 'superseded', 'aside', 'conflict', 'dismissed', 'held', 'remitted', 'unexplained', 'explained')),
  incoming       INTEGER NOT NULL CHECK (incoming IN (0, 1)),
  currency       TEXT NOT NULL,
  amount         INTEGER NOT NULL CHECK (amount > 0),
  reversal       INTEGER NOT NULL,
  booked_on      TEXT NOT NULL,
  value_on       TEXT NOT NULL,
  reference      TEXT NOT NULL,
  end_to_end     TEXT NOT NULL,
  rail           TEXT NOT NULL,
  payer          TEXT NOT NULL,
  payer_from     TEXT NOT NULL,
  paid_to        TEXT NOT NULL,
  structured     TEXT NOT NULL,
  words          TEXT NOT NULL,
  return_code    TEXT NOT NULL,
  against        TEXT NOT NULL, -- of a conflict: the line that it contradicts
  decided_by     TEXT NOT NULL,
  note           TEXT NOT NULL,
  at             INTEGER NOT NULL,
  UNIQUE (print, part, occurrence) -- a movement is there once (R-WIRE-04)
) STRICT;
CREATE INDEX bank_lines_statement ON bank_lines (statement_id, id);
CREATE INDEX bank_lines_core ON bank_lines (core);
CREATE INDEX bank_lines_reference ON bank_lines (account_number, reference) WHERE reference <> '';
CREATE INDEX bank_lines_waiting ON bank_lines (state, id) WHERE state IN ('pending', 'aside', 'conflict', 'held', 'unexplained');
CREATE INDEX bank_lines_pending ON bank_lines (loose) WHERE state = 'pending';

-- Movements that a statement lists and that were there already.
CREATE TABLE bank_sightings (
  statement_id TEXT NOT NULL REFERENCES bank_statements (id),
  print        TEXT NOT NULL,
  times        INTEGER NOT NULL CHECK (times > 0),
  PRIMARY KEY (statement_id, print)
) STRICT;

CREATE TABLE remittances (
  id           TEXT PRIMARY KEY,
  line_id      TEXT NOT NULL UNIQUE REFERENCES bank_lines (id),
  receiving_id TEXT NOT NULL,
  currency     TEXT NOT NULL,
  amount       INTEGER NOT NULL CHECK (amount > 0),
  claimed      INTEGER NOT NULL CHECK (claimed >= 0),
  credited     INTEGER NOT NULL CHECK (credited >= 0 AND credited <= claimed),
  explained    INTEGER NOT NULL CHECK (explained >= 0),
  state        TEXT NOT NULL CHECK (state IN ('unclaimed', 'credited', 'returning', 'ended')),
  reason       TEXT NOT NULL,
  owner        TEXT NOT NULL,
  received_on  TEXT NOT NULL,
  payer        TEXT NOT NULL,
  payer_from   TEXT NOT NULL,
  returned_by  TEXT NOT NULL,
  return_note  TEXT NOT NULL,
  opened_at    INTEGER NOT NULL,
  due_at       INTEGER NOT NULL,
  late_at      INTEGER NOT NULL,
  ended_at     INTEGER,
  CHECK (claimed + explained <= amount), -- nobody gets what somebody else has (R-WIRE-07)
  CHECK (state <> 'credited' OR credited = amount),
  CHECK (state <> 'ended' OR credited + explained = amount)
) STRICT;
CREATE INDEX remittances_open ON remittances (id) WHERE state IN ('unclaimed', 'returning');
CREATE INDEX remittances_payer ON remittances (payer_from) WHERE payer_from <> '';

CREATE TABLE claims (
  id            TEXT PRIMARY KEY,
  remittance_id TEXT NOT NULL REFERENCES remittances (id),
  account_id    TEXT NOT NULL REFERENCES accounts (id),
  currency      TEXT NOT NULL,
  amount        INTEGER NOT NULL CHECK (amount > 0),
  fee           INTEGER NOT NULL CHECK (fee >= 0),
  state         TEXT NOT NULL CHECK (state IN ('proposed', 'credited', 'refused', 'withdrawn', 'reversed')),
  automatic     INTEGER NOT NULL CHECK (automatic IN (0, 1)),
  note          TEXT NOT NULL,
  proof         TEXT NOT NULL,
  claimed_by    TEXT NOT NULL CHECK (claimed_by <> ''),
  claimed_at    INTEGER NOT NULL,
  decided_by    TEXT NOT NULL,
  decided_at    INTEGER,
  decision      TEXT NOT NULL,
  reversed_by   TEXT NOT NULL,
  reversed_at   INTEGER,
  reversal      TEXT NOT NULL,
  CHECK (decided_by = '' OR decided_by <> claimed_by), -- four eyes (R-WIRE-06)
  CHECK (state NOT IN ('credited', 'reversed') OR automatic = 1 OR decided_by <> ''),
  CHECK (automatic = 0 OR fee = 0),
  CHECK (reversed_by = '' OR reversed_by <> claimed_by),
  CHECK ((state = 'reversed') = (reversed_by <> ''))
) STRICT;
CREATE INDEX claims_remittance ON claims (remittance_id, id);
CREATE INDEX claims_account ON claims (account_id, id);
CREATE INDEX claims_waiting ON claims (id) WHERE state = 'proposed';

CREATE TABLE line_explanations (
  id         TEXT PRIMARY KEY,
  line_id    TEXT NOT NULL REFERENCES bank_lines (id),
  kind       TEXT NOT NULL CHECK (kind IN ('fee', 'transfer', 'payout', 'withdrawal', 'return', 'reversal')),
  incoming   INTEGER NOT NULL CHECK (incoming IN (0, 1)),
  currency   TEXT NOT NULL,
  amount     INTEGER NOT NULL CHECK (amount > 0),
  subject    TEXT NOT NULL,
  account_id TEXT NOT NULL,
  note       TEXT NOT NULL,
  by         TEXT NOT NULL,
  at         INTEGER NOT NULL
) STRICT;
CREATE INDEX line_explanations_line ON line_explanations (line_id, id);
CREATE UNIQUE INDEX line_explanations_withdrawal ON line_explanations (subject) WHERE kind = 'withdrawal';

-- +goose StatementBegin
CREATE TRIGGER line_explanations_are_kept_on_update BEFORE UPDATE ON line_explanations
BEGIN SELECT RAISE(ABORT, 'line_explanations rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER line_explanations_are_kept_on_delete BEFORE DELETE ON line_explanations
BEGIN SELECT RAISE(ABORT, 'line_explanations rows are inserted, never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bank_lines_keep_their_terms BEFORE UPDATE OF id, statement_id, account_number, format, entry, part, parts, print, occurrence, core, loose, incoming, currency, amount, reversal, booked_on, value_on, reference, end_to_end, rail, payer, payer_from, paid_to, structured, words, return_code, against, at ON bank_lines
BEGIN SELECT RAISE(ABORT, 'the terms of bank_lines rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bank_lines_are_kept BEFORE DELETE ON bank_lines
BEGIN SELECT RAISE(ABORT, 'bank_lines rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER remittances_keep_their_terms BEFORE UPDATE OF id, line_id, receiving_id, currency, amount, received_on, payer, payer_from, opened_at, due_at, late_at ON remittances
BEGIN SELECT RAISE(ABORT, 'the terms of remittances rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER remittances_are_kept BEFORE DELETE ON remittances
BEGIN SELECT RAISE(ABORT, 'remittances rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER claims_keep_their_terms BEFORE UPDATE OF id, remittance_id, account_id, currency, amount, fee, automatic, note, proof, claimed_by, claimed_at ON claims
BEGIN SELECT RAISE(ABORT, 'the terms of claims rows are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER claims_are_kept BEFORE DELETE ON claims
BEGIN SELECT RAISE(ABORT, 'claims rows are never deleted'); END;
-- +goose StatementEnd
