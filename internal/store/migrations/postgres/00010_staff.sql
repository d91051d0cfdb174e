-- +goose Up
-- Who is staff, how they come in, and how often links were asked for.

CREATE TABLE staff_members (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  email      TEXT NOT NULL, -- lower case
  role       TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
  pretend    BIGINT NOT NULL CHECK (pretend IN (0, 1)), -- a sandbox installation's own
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX staff_members_one_active ON staff_members (email) WHERE state = 'active';

-- A one-time link or a session: the right that a secret word carries. Only its hash
-- is kept.
CREATE TABLE staff_tickets (
  hash       BYTEA PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('link', 'session')),
  member_id  TEXT NOT NULL REFERENCES staff_members (id),
  address    TEXT NOT NULL, -- where the session began; '' of a link
  made_at    BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL, -- up to a minute early
  expires_at BIGINT NOT NULL,
  ended_at   BIGINT
);
CREATE INDEX staff_tickets_live ON staff_tickets (member_id) WHERE ended_at IS NULL;

CREATE TABLE staff_requests (
  id      TEXT PRIMARY KEY,
  email   TEXT NOT NULL, -- that a link was asked for, whether it is known or not
  address TEXT NOT NULL, -- where that came from
  at      BIGINT NOT NULL
);
CREATE INDEX staff_requests_email ON staff_requests (email, at);
CREATE INDEX staff_requests_address ON staff_requests (address, at);
CREATE INDEX staff_requests_at ON staff_requests (at);

CREATE TRIGGER staff_members_are_kept BEFORE UPDATE OF id, pretend, created_at OR DELETE ON staff_members FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER staff_tickets_keep_their_terms BEFORE UPDATE OF hash, kind, member_id, address, made_at, expires_at ON staff_tickets FOR EACH ROW EXECUTE FUNCTION refuse_change();
