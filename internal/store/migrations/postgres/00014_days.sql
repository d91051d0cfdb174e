-- +goose Up
-- Usage by day of the account's zone. An exposure keeps the sums of one day, the one
-- that lines came for last, beside its own: usage comes in without a further row.
-- When lines of another day come, the sums move to usage_days.

ALTER TABLE exposures ADD COLUMN day BIGINT NOT NULL DEFAULT 0; -- days since 1970-01-01
ALTER TABLE exposures ADD COLUMN day_lines BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exposures ADD COLUMN day_micro BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exposures ADD COLUMN day_pico BIGINT NOT NULL DEFAULT 0;

CREATE TABLE usage_days (
  account_id TEXT NOT NULL,
  month      TEXT NOT NULL, -- on whose bill it is
  day        BIGINT NOT NULL, -- may be of a month before: usage that came late
  product    TEXT NOT NULL,
  lines      BIGINT NOT NULL,
  micro      BIGINT NOT NULL,
  pico       BIGINT NOT NULL,
  PRIMARY KEY (account_id, month, day, product)
);

-- The day of an instant in a zone. SQLite is given a function of this name.
-- +goose StatementBegin
CREATE FUNCTION local_day(zone TEXT, at BIGINT) RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN zone = 'UTC' THEN at / 86400000000
              ELSE CAST(CAST(to_timestamp(at / 1000000) AT TIME ZONE zone AS DATE) - DATE '1970-01-01' AS BIGINT) END
$$;
-- +goose StatementEnd

INSERT INTO usage_days (account_id, month, day, product, lines, micro, pico)
SELECT l.account_id, c.month, local_day(a.zone, l.started_at), l.product, count(*), CAST(sum(l.micro) AS BIGINT), CAST(sum(l.pico) AS BIGINT)
  FROM usage_lines AS l
  JOIN accounts AS a ON a.id = l.account_id
  JOIN collections AS c ON c.account_id = l.account_id AND c.number = l.collection
 GROUP BY 1, 2, 3, 4;

-- +goose StatementBegin
CREATE FUNCTION keep_usage_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO usage_days (account_id, month, day, product, lines, micro, pico)
  SELECT OLD.account_id, c.month, OLD.day, OLD.product, OLD.day_lines, OLD.day_micro, OLD.day_pico
    FROM collections AS c
   WHERE c.account_id = OLD.account_id AND c.number = OLD.collection
      ON CONFLICT (account_id, month, day, product) DO UPDATE
     SET lines = usage_days.lines + excluded.lines, micro = usage_days.micro + excluded.micro, pico = usage_days.pico + excluded.pico;
  RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER exposures_move_their_day AFTER UPDATE OF day ON exposures FOR EACH ROW
  WHEN (OLD.day <> NEW.day AND OLD.day_lines <> 0) EXECUTE FUNCTION keep_usage_day();
