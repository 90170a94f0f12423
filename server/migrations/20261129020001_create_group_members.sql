-- +goose Up
CREATE TABLE group_members (
  group_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  group_openid VARCHAR(64) NOT NULL,
  seen_at DATETIME(3) NOT NULL,
  PRIMARY KEY (group_id, account_id)
);

-- +goose Down
DROP TABLE group_members;
