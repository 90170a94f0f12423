-- +goose Up
CREATE TABLE notice_cards (
  id BIGINT NOT NULL PRIMARY KEY,
  notice_id BIGINT NOT NULL,
  wx_activity_id VARCHAR(128) NOT NULL,
  state INT NOT NULL,
  shown_count INT NOT NULL DEFAULT 0,
  shown_limit INT NOT NULL DEFAULT 0,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  shared_at DATETIME(3) NULL,
  updated_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE notice_cards;
