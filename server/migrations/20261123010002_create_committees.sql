-- +goose Up
CREATE TABLE committees (
  id BIGINT NOT NULL PRIMARY KEY,
  parent_id BIGINT NULL,
  name VARCHAR(100) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_committees_name UNIQUE (name)
);

-- +goose Down
DROP TABLE committees;
