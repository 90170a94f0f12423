-- +goose Up
CREATE TABLE notice_calls (
  id BIGINT NOT NULL PRIMARY KEY,
  notice_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  outcome VARCHAR(16) NOT NULL,
  note_enc VARBINARY(1200) NULL,
  called_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE notice_calls;
