-- +goose Up
CREATE TABLE exports (
  id BIGINT NOT NULL PRIMARY KEY,
  account_id BIGINT NOT NULL,
  form VARCHAR(12) NOT NULL,
  committee_id BIGINT NOT NULL,
  alliance_id BIGINT NULL,
  unit_id BIGINT NULL,
  scope_name VARCHAR(120) NOT NULL,
  plain SMALLINT NOT NULL,
  columns_list VARCHAR(800) NOT NULL,
  reason_enc VARBINARY(1200) NOT NULL,
  row_count INT NOT NULL DEFAULT 0,
  file_name VARCHAR(200) NOT NULL DEFAULT '',
  job_id BIGINT NULL,
  created_at DATETIME(3) NOT NULL,
  ready_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE exports;
