-- +goose Up
CREATE TABLE units (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  alliance_id BIGINT NULL,
  name VARCHAR(100) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_units_name UNIQUE (committee_id, name)
);

-- +goose Down
DROP TABLE units;
