-- +goose Up
CREATE TABLE activity_numbers (
  activity_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  no INT NOT NULL,
  PRIMARY KEY (activity_id, person_id),
  CONSTRAINT uq_activity_numbers_no UNIQUE (activity_id, no)
);

-- +goose Down
DROP TABLE activity_numbers;
