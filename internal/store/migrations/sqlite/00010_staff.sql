-- +goose Up
-- Who is staff, how they come in, and how often links were asked for.

CREATE TABLE staff_members (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  email      TEXT NOT NULL, -- lower case
  role       TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
  pretend    INTEGER NOT NULL CHECK (pretend IN (0, 1)), -- a sandbox installation's own
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX staff_members_one_active ON staff_members (email) WHERE state = 'active';

-- A one-time link or a session: the right that a secret word carries. Only its hash
-- is kept.
CREATE TABLE staff_tickets (
  hash       BLOB PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('link', 'session')),
  member_id  TEXT NOT NULL REFERENCES staff_members (id),
  address    TEXT NOT NULL, -- where the session began; '' of a link
  made_at    INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL, -- up to a minute early
  expires_at INTEGER NOT NULL,
  ended_at   INTEGER
) STRICT;
CREATE INDEX staff_tickets_live ON staff_tickets (member_id) WHERE ended_at IS NULL;

CREATE TABLE staff_requests (
  id      TEXT PRIMARY KEY,
  email   TEXT NOT NULL, -- that a link was asked for, whether it is known or not
  address TEXT NOT NULL, -- where that came from
  at      INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_requests_email ON staff_requests (email, at);
CREATE INDEX staff_requests_address ON staff_requests (address, at);
CREATE INDEX staff_requests_at ON staff_requests (at);

-- +goose StatementBegin
CREATE TRIGGER staff_members_are_kept BEFORE DELETE ON staff_members
BEGIN SELECT RAISE(ABORT, 'staff_members rows are inserted, never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER staff_members_keep_who_they_are BEFORE UPDATE OF id, pretend, created_at ON staff_members
BEGIN SELECT RAISE(ABORT, 'staff_members rows keep who they are'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER staff_tickets_keep_their_terms BEFORE UPDATE OF hash, kind, member_id, address, made_at, expires_at ON staff_tickets
BEGIN SELECT RAISE(ABORT, 'staff_tickets rows keep their terms'); END;
-- +goose StatementEnd
