-- +goose Up
CREATE TABLE unit_alliances (
  id BIGINT NOT NULL PRIMARY KEY,
  unit_id BIGINT NOT NULL,
  alliance_id BIGINT NOT NULL,
  from_at DATETIME(3) NOT NULL,
  until_at DATETIME(3) NOT NULL,
  account_id BIGINT NOT NULL,
  CONSTRAINT uq_unit_alliances UNIQUE (unit_id, until_at)
);

-- +goose Down
DROP TABLE unit_alliances;
