-- +goose Up
-- A debt says itself when its bill was issued, so that what a balance pays first is found
-- without asking for the bill of everything that is owed. The books prove that it is so.

ALTER TABLE debts ADD COLUMN billed_at BIGINT; -- its bill's issued_at; NULL: it is on no bill
UPDATE debts SET billed_at = (SELECT b.issued_at FROM bills AS b WHERE b.id = debts.bill_id) WHERE bill_id IS NOT NULL;

-- While nodes are replaced one after the other, old ones put debts on bills without it.
-- +goose StatementBegin
CREATE FUNCTION say_billed_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.billed_at := (SELECT issued_at FROM bills WHERE id = NEW.bill_id);
  RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER debts_say_billed_at BEFORE INSERT OR UPDATE OF bill_id ON debts
  FOR EACH ROW WHEN (NEW.bill_id IS NOT NULL AND NEW.billed_at IS NULL) EXECUTE FUNCTION say_billed_at();
