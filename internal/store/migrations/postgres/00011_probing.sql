-- +goose Up
-- How many cards are tried from anywhere within an hour, against the testing of stolen
-- ones. Tries whose caller's address is not known are the operator's.
CREATE INDEX bind_attempts_from_anywhere ON bind_attempts (at) WHERE network <> '' AND outcome = 'opened';
