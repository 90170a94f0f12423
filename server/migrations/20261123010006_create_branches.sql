-- +goose Up
CREATE TABLE branches (
  id BIGINT NOT NULL PRIMARY KEY,
  unit_id BIGINT NOT NULL,
  name VARCHAR(150) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_branches_name UNIQUE (unit_id, name)
);

-- +goose Down
DROP TABLE branches;
