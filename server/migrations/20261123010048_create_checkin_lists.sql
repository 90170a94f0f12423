-- +goose Up
CREATE TABLE checkin_lists (
  id BIGINT NOT NULL PRIMARY KEY,
  activity_id BIGINT NOT NULL,
  name VARCHAR(40) NOT NULL,
  opens_at DATETIME(3) NOT NULL,
  closes_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_checkin_lists_name UNIQUE (activity_id, name)
);

-- +goose Down
DROP TABLE checkin_lists;
