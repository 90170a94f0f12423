-- +goose Up
CREATE TABLE audit_lines (
  id BIGINT NOT NULL PRIMARY KEY,
  at DATETIME(3) NOT NULL,
  account_id BIGINT NOT NULL,
  action VARCHAR(60) NOT NULL,
  subject_kind VARCHAR(30) NOT NULL,
  subject_id BIGINT NOT NULL,
  committee_id BIGINT NULL,
  alliance_id BIGINT NULL,
  unit_id BIGINT NULL,
  detail_enc VARBINARY(4000) NULL,
  request_id VARCHAR(64) NOT NULL DEFAULT ''
);

-- +goose Down
DROP TABLE audit_lines;
