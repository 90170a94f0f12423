-- +goose Up
CREATE TABLE notices (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  alliance_id BIGINT NOT NULL,
  activity_id BIGINT NULL,
  title VARCHAR(100) NOT NULL,
  body TEXT NOT NULL,
  state VARCHAR(12) NOT NULL,
  revision INT NOT NULL DEFAULT 0,
  reason VARCHAR(200) NOT NULL DEFAULT '',
  author_id BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  published_at DATETIME(3) NULL,
  closed_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE notices;
