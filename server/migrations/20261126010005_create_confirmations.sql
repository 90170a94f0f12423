-- +goose Up
CREATE TABLE confirmations (
  id BIGINT NOT NULL PRIMARY KEY,
  account_id BIGINT NOT NULL,
  session_id BIGINT NOT NULL,
  action VARCHAR(30) NOT NULL,
  subject_id BIGINT NOT NULL,
  text_enc VARBINARY(1500) NOT NULL,
  number VARCHAR(4) NOT NULL,
  state VARCHAR(12) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  decided_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE confirmations;
