-- +goose Up
-- Usage by day of the account's zone. An exposure keeps the sums of one day, the one
-- that lines came for last, beside its own: usage comes in without a further row.
-- When lines of another day come, the sums move to usage_days.

ALTER TABLE exposures ADD COLUMN day INTEGER NOT NULL DEFAULT 0; -- days since 1970-01-01
ALTER TABLE exposures ADD COLUMN day_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE exposures ADD COLUMN day_micro INTEGER NOT NULL DEFAULT 0;
ALTER TABLE exposures ADD COLUMN day_pico INTEGER NOT NULL DEFAULT 0;

CREATE TABLE usage_days (
  account_id TEXT NOT NULL,
  month      TEXT NOT NULL, -- on whose bill it is
  day        INTEGER NOT NULL, -- may be of a month before: usage that came late
  product    TEXT NOT NULL,
  lines      INTEGER NOT NULL,
  micro      INTEGER NOT NULL,
  pico       INTEGER NOT NULL,
  PRIMARY KEY (account_id, month, day, product)
) STRICT, WITHOUT ROWID;

INSERT INTO usage_days (account_id, month, day, product, lines, micro, pico)
SELECT l.account_id, c.month, local_day(a.zone, l.started_at), l.product, count(*), sum(l.micro), sum(l.pico)
  FROM usage_lines AS l
  JOIN accounts AS a ON a.id = l.account_id
  JOIN collections AS c ON c.account_id = l.account_id AND c.number = l.collection
 GROUP BY 1, 2, 3, 4;

-- +goose StatementBegin
CREATE TRIGGER exposures_move_their_day AFTER UPDATE OF day ON exposures
  WHEN OLD.day <> NEW.day AND OLD.day_lines <> 0
BEGIN
  INSERT INTO usage_days (account_id, month, day, product, lines, micro, pico)
  SELECT OLD.account_id, c.month, OLD.day, OLD.product, OLD.day_lines, OLD.day_micro, OLD.day_pico
    FROM collections AS c
   WHERE c.account_id = OLD.account_id AND c.number = OLD.collection
      ON CONFLICT (account_id, month, day, product) DO UPDATE
     SET lines = usage_days.lines + excluded.lines, micro = usage_days.micro + excluded.micro, pico = usage_days.pico + excluded.pico;
END;
-- +goose StatementEnd
