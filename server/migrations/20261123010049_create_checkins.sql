-- +goose Up
CREATE TABLE checkins (
  list_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  attempt_id VARBINARY(16) NOT NULL,
  door VARCHAR(8) NOT NULL,
  way VARCHAR(12) NOT NULL,
  happened_at DATETIME(3) NOT NULL,
  recorded_at DATETIME(3) NOT NULL,
  recorded_by BIGINT NOT NULL,
  on_behalf INT NOT NULL DEFAULT 0,
  flag VARCHAR(30) NOT NULL DEFAULT '',
  PRIMARY KEY (list_id, person_id)
);

-- +goose Down
DROP TABLE checkins;
