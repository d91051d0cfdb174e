-- +goose Up
-- The customer's messages, and the letters that bring them to a mailbox.

ALTER TABLE notices ADD COLUMN read_at INTEGER;

CREATE TABLE letters (
  message_id TEXT PRIMARY KEY REFERENCES notices (id),
  account_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'dropped', 'kept')),
  attempts   INTEGER NOT NULL,
  doubts     INTEGER NOT NULL, -- attempts of which nobody knows whether the server took it
  next_at    INTEGER, -- of the next attempt
  begun_at   INTEGER, -- of the last attempt
  recipient  TEXT NOT NULL, -- of the last attempt; '' there was none
  language   TEXT NOT NULL,
  reason     TEXT NOT NULL,
  answer     TEXT NOT NULL, -- the code of the server's last answer
  title      TEXT NOT NULL, -- title and text of a letter that is kept, where there is no mail server
  body       TEXT NOT NULL,
  ended_at   INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX letters_account ON letters (account_id, message_id);
CREATE INDEX letters_due ON letters (coalesce(next_at, begun_at)) WHERE state IN ('waiting', 'sending');

-- What customers chose about mails of a kind; a kind that is not here is mailed.
CREATE TABLE mail_choices (
  account_id TEXT NOT NULL REFERENCES accounts (id),
  kind       TEXT NOT NULL,
  wanted     INTEGER NOT NULL CHECK (wanted IN (0, 1)),
  PRIMARY KEY (account_id, kind)
) STRICT;
