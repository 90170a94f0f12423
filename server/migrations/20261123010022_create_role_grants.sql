-- +goose Up
CREATE TABLE role_grants (
  id BIGINT NOT NULL PRIMARY KEY,
  role VARCHAR(20) NOT NULL,
  committee_id BIGINT NULL,
  alliance_id BIGINT NULL,
  unit_id BIGINT NULL,
  account_id BIGINT NULL,
  person_id BIGINT NULL,
  holder_name_enc VARBINARY(300) NULL,
  phone_enc VARBINARY(120) NULL,
  phone_hash VARBINARY(32) NULL,
  granted_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  revoked_at DATETIME(3) NULL,
  revoked_by BIGINT NULL
);

-- +goose Down
DROP TABLE role_grants;
