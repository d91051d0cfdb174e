-- +goose Up
-- A debt says itself when its bill was issued, so that what a balance pays first is found
-- without asking for the bill of everything that is owed. The books prove that it is so.

ALTER TABLE debts ADD COLUMN billed_at BIGINT; -- its bill's issued_at; NULL: it is on no bill
UPDATE debts SET billed_at = (SELECT b.issued_at FROM bills AS b WHERE b.id = debts.bill_id) WHERE bill_id IS NOT NULL;
