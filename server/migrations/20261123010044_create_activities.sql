-- +goose Up
CREATE TABLE activities (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  alliance_id BIGINT NOT NULL,
  host_unit_id BIGINT NULL,
  kind VARCHAR(20) NOT NULL,
  title VARCHAR(100) NOT NULL,
  place VARCHAR(200) NOT NULL,
  starts_at DATETIME(3) NOT NULL,
  ends_at DATETIME(3) NOT NULL,
  state VARCHAR(12) NOT NULL,
  cancel_reason VARCHAR(200) NOT NULL DEFAULT '',
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE activities;
