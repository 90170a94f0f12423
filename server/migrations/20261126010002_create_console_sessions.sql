-- +goose Up
CREATE TABLE console_sessions (
  id BIGINT NOT NULL PRIMARY KEY,
  account_id BIGINT NOT NULL,
  token_hash VARBINARY(32) NOT NULL,
  browser VARCHAR(60) NOT NULL,
  address VARCHAR(60) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  seen_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE console_sessions;
