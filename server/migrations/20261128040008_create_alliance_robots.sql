-- +goose Up
CREATE TABLE alliance_robots (
  alliance_id BIGINT NOT NULL PRIMARY KEY,
  key_enc VARBINARY(255) NOT NULL,
  set_by BIGINT NOT NULL,
  set_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE alliance_robots;
