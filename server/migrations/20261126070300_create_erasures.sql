-- +goose Up
CREATE TABLE erasures (
  person_id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  person_hash VARBINARY(32) NOT NULL,
  number_hash VARBINARY(32) NULL,
  reason_enc VARBINARY(1200) NULL,
  asked_by BIGINT NOT NULL,
  asked_at DATETIME(3) NOT NULL,
  done_by BIGINT NULL,
  done_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE erasures;
