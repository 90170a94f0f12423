-- +goose Up
CREATE TABLE notice_recipients (
  notice_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  unit_id BIGINT NOT NULL,
  read_at DATETIME(3) NULL,
  read_via VARCHAR(12) NOT NULL DEFAULT '',
  read_by BIGINT NULL,
  answered_at DATETIME(3) NULL,
  told_at DATETIME(3) NULL,
  outcome VARCHAR(16) NOT NULL DEFAULT '',
  stopped_at DATETIME(3) NULL,
  PRIMARY KEY (notice_id, person_id)
);

-- +goose Down
DROP TABLE notice_recipients;
