-- +goose Up
CREATE TABLE consents (
  account_id BIGINT NOT NULL,
  version VARCHAR(20) NOT NULL,
  round INT NOT NULL,
  agreed_at DATETIME(3) NOT NULL,
  withdrawn_at DATETIME(3) NULL,
  PRIMARY KEY (account_id, version, round)
);

-- +goose Down
DROP TABLE consents;
