-- +goose Up
CREATE TABLE binding_codes (
  id BIGINT NOT NULL PRIMARY KEY,
  code_hash VARBINARY(32) NOT NULL,
  person_id BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_by BIGINT NULL,
  used_at DATETIME(3) NULL,
  CONSTRAINT uq_binding_codes_hash UNIQUE (code_hash)
);

-- +goose Down
DROP TABLE binding_codes;
