-- +goose Up
CREATE TABLE official_followers (
  id BIGINT NOT NULL PRIMARY KEY,
  openid VARCHAR(64) NOT NULL,
  unionid VARCHAR(64) NOT NULL DEFAULT '',
  follows SMALLINT NOT NULL,
  changed_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_official_followers UNIQUE (openid)
);

-- +goose Down
DROP TABLE official_followers;
