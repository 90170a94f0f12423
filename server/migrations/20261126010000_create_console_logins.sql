-- +goose Up
CREATE TABLE console_logins (
  id BIGINT NOT NULL PRIMARY KEY,
  token_hash VARBINARY(32) NOT NULL,
  secret_hash VARBINARY(32) NOT NULL,
  number VARCHAR(4) NOT NULL,
  browser VARCHAR(60) NOT NULL,
  address VARCHAR(60) NOT NULL,
  state VARCHAR(12) NOT NULL,
  account_id BIGINT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  decided_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE console_logins;
