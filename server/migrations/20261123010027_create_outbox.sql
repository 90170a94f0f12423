-- +goose Up
CREATE TABLE outbox (
  id BIGINT NOT NULL PRIMARY KEY,
  channel VARCHAR(30) NOT NULL,
  dedupe_key VARCHAR(150) NOT NULL,
  payload TEXT NOT NULL,
  state VARCHAR(12) NOT NULL,
  run_at DATETIME(3) NOT NULL,
  lease_until DATETIME(3) NULL,
  lease_by VARCHAR(64) NOT NULL DEFAULT '',
  attempts INT NOT NULL DEFAULT 0,
  last_code VARCHAR(60) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  done_at DATETIME(3) NULL,
  CONSTRAINT uq_outbox_dedupe UNIQUE (dedupe_key)
);

-- +goose Down
DROP TABLE outbox;
