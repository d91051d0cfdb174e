-- +goose Up
-- What a person took a cash application back from is paid by a person's hand alone,
-- until the switch is turned on anew.

ALTER TABLE debts ADD COLUMN by_hand SMALLINT NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1));
CREATE INDEX debts_by_hand ON debts (account_id) WHERE by_hand = 1;
