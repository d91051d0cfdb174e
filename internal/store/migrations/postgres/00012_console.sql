-- +goose Up
-- What a customer is told of the sessions on their account, and what their pages
-- look up by account.

ALTER TABLE tickets ADD COLUMN opened_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN address TEXT NOT NULL DEFAULT ''; -- from which a session was opened
ALTER TABLE tickets ADD COLUMN agent TEXT NOT NULL DEFAULT '';   -- the browser, as it calls itself
CREATE INDEX tickets_sessions ON tickets (account_id, expires_at) WHERE kind = 'session' AND used_at IS NULL;
CREATE INDEX debts_owed ON debts (account_id, id) WHERE state = 'open';
CREATE INDEX collections_month ON collections (account_id, month);
