-- +goose Up
CREATE TABLE activity_expected (
  activity_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  unit_id BIGINT NOT NULL,
  walk_in INT NOT NULL DEFAULT 0,
  answer VARCHAR(12) NOT NULL DEFAULT '',
  reason_enc VARBINARY(600) NULL,
  answered_at DATETIME(3) NULL,
  answered_by BIGINT NULL,
  PRIMARY KEY (activity_id, person_id)
);

-- +goose Down
DROP TABLE activity_expected;
