-- +goose Up
CREATE TABLE checkin_conflicts (
  list_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  attempt_id VARBINARY(16) NOT NULL,
  door VARCHAR(8) NOT NULL,
  happened_at DATETIME(3) NOT NULL,
  recorded_at DATETIME(3) NOT NULL,
  recorded_by BIGINT NOT NULL,
  PRIMARY KEY (list_id, person_id, attempt_id)
);

-- +goose Down
DROP TABLE checkin_conflicts;
