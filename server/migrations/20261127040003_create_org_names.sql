-- +goose Up
CREATE TABLE org_names (
  id BIGINT NOT NULL PRIMARY KEY,
  kind VARCHAR(12) NOT NULL,
  subject_id BIGINT NOT NULL,
  name VARCHAR(150) NOT NULL,
  until_at DATETIME(3) NOT NULL,
  account_id BIGINT NOT NULL
);

-- +goose Down
DROP TABLE org_names;
