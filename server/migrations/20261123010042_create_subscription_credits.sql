-- +goose Up
CREATE TABLE subscription_credits (
  account_id BIGINT NOT NULL,
  template VARCHAR(20) NOT NULL,
  remaining INT NOT NULL,
  cleared_at DATETIME(3) NULL,
  accepted_at DATETIME(3) NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (account_id, template)
);

-- +goose Down
DROP TABLE subscription_credits;
