-- +goose Up

-- A movement is compared with those of its day and amount in other formats alone:
-- thousands of the same format are passed over without a look.
DROP INDEX bank_lines_core;
CREATE INDEX bank_lines_core ON bank_lines (core, format);
