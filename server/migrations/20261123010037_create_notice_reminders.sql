-- +goose Up
CREATE TABLE notice_reminders (
  id BIGINT NOT NULL PRIMARY KEY,
  notice_id BIGINT NOT NULL,
  round INT NOT NULL,
  people INT NOT NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_notice_reminders UNIQUE (notice_id, round)
);

-- +goose Down
DROP TABLE notice_reminders;
