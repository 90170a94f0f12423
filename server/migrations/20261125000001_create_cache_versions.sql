-- +goose Up
CREATE TABLE cache_versions (
  scope_id BIGINT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL
);

-- +goose Down
DROP TABLE cache_versions;
