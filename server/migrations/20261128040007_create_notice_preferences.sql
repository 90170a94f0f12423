-- +goose Up
CREATE TABLE notice_preferences (
  person_id BIGINT NOT NULL PRIMARY KEY,
  way VARCHAR(12) NOT NULL,
  set_by BIGINT NOT NULL,
  set_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE notice_preferences;
