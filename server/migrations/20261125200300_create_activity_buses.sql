-- +goose Up
CREATE TABLE activity_buses (
  activity_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  bus INT NOT NULL,
  seated_by BIGINT NOT NULL,
  seated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (activity_id, person_id)
);

-- +goose Down
DROP TABLE activity_buses;
