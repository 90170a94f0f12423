-- +goose Up
CREATE TABLE accounts (
  id BIGINT NOT NULL PRIMARY KEY,
  openid VARCHAR(64) NOT NULL,
  unionid VARCHAR(64) NOT NULL DEFAULT '',
  session_key_enc VARBINARY(160) NULL,
  name_enc VARBINARY(300) NULL,
  phone_enc VARBINARY(120) NULL,
  phone_hash VARBINARY(32) NULL,
  created_at DATETIME(3) NOT NULL,
  last_login_at DATETIME(3) NOT NULL,
  disabled_at DATETIME(3) NULL,
  CONSTRAINT uq_accounts_openid UNIQUE (openid)
);

-- +goose Down
DROP TABLE accounts;
