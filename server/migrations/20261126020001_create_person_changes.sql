-- +goose Up
CREATE TABLE person_changes (
  person_id BIGINT NOT NULL,
  seq INT NOT NULL,
  at DATETIME(3) NOT NULL,
  account_id BIGINT NOT NULL,
  cause VARCHAR(12) NOT NULL,
  import_id BIGINT NULL,
  moved SMALLINT NOT NULL,
  from_unit_id BIGINT NULL,
  from_status VARCHAR(12) NOT NULL DEFAULT '',
  to_unit_id BIGINT NULL,
  to_status VARCHAR(12) NOT NULL DEFAULT '',
  changes_enc BLOB NULL,
  PRIMARY KEY (person_id, seq)
);

-- +goose Down
DROP TABLE person_changes;
