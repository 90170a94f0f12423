-- +goose Up
CREATE TABLE notice_rules (
  committee_id BIGINT NOT NULL PRIMARY KEY,
  quiet_from INT NOT NULL,
  quiet_until INT NOT NULL,
  remind_day SMALLINT NOT NULL,
  remind_hours SMALLINT NOT NULL,
  updated_by BIGINT NOT NULL,
  updated_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE notice_rules;
