-- +goose Up
CREATE TABLE notice_posts (
  id BIGINT NOT NULL PRIMARY KEY,
  notice_id BIGINT NOT NULL,
  template VARCHAR(20) NOT NULL,
  round INT NOT NULL,
  state VARCHAR(12) NOT NULL,
  code VARCHAR(60) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_notice_posts UNIQUE (notice_id, template, round)
);

-- +goose Down
DROP TABLE notice_posts;
