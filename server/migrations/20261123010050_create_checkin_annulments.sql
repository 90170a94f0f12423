-- +goose Up
CREATE TABLE checkin_annulments (
  id BIGINT NOT NULL PRIMARY KEY,
  list_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  attempt_id VARBINARY(16) NOT NULL,
  door VARCHAR(8) NOT NULL,
  way VARCHAR(12) NOT NULL,
  happened_at DATETIME(3) NOT NULL,
  recorded_at DATETIME(3) NOT NULL,
  recorded_by BIGINT NOT NULL,
  on_behalf INT NOT NULL,
  flag VARCHAR(30) NOT NULL,
  annulled_by BIGINT NOT NULL,
  annulled_at DATETIME(3) NOT NULL,
  reason VARCHAR(200) NOT NULL
);

-- +goose Down
DROP TABLE checkin_annulments;
