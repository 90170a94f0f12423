-- +goose Up
CREATE TABLE claims (
  id BIGINT NOT NULL PRIMARY KEY,
  account_id BIGINT NOT NULL,
  name_enc VARBINARY(300) NOT NULL,
  unit_name VARCHAR(100) NOT NULL,
  unit_id BIGINT NULL,
  relation VARCHAR(12) NOT NULL,
  note_enc VARBINARY(1200) NULL,
  state VARCHAR(12) NOT NULL,
  person_id BIGINT NULL,
  reason VARCHAR(200) NOT NULL DEFAULT '',
  decided_by BIGINT NULL,
  decided_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE claims;
