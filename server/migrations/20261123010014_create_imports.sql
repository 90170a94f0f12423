-- +goose Up
CREATE TABLE imports (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  file_name_enc VARBINARY(1200) NULL,
  file_hash VARBINARY(32) NOT NULL,
  state VARCHAR(12) NOT NULL,
  rows_enc MEDIUMBLOB NULL,
  report_enc MEDIUMBLOB NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  committed_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE imports;
