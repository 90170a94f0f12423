-- +goose Up
CREATE TABLE jobs (
  id BIGINT NOT NULL PRIMARY KEY,
  kind VARCHAR(30) NOT NULL,
  subject_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  claim VARCHAR(60) NULL,
  state VARCHAR(12) NOT NULL,
  done_count INT NOT NULL DEFAULT 0,
  total_count INT NOT NULL DEFAULT 0,
  message VARCHAR(300) NOT NULL DEFAULT '',
  result_enc VARBINARY(4000) NULL,
  lease_until DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE jobs;
