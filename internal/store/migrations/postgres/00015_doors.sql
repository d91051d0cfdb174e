-- +goose Up
-- When whoever is in the console last proved who they are, which is older than their
-- session where an identity provider knew them still; and where the platform wants its
-- customer again.

ALTER TABLE tickets ADD COLUMN proved_at BIGINT; -- of a session; NULL: it is not known
ALTER TABLE tickets ADD COLUMN return_url TEXT NOT NULL DEFAULT ''; -- of a link
