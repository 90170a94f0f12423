-- +goose Up
CREATE TABLE notice_audiences (
  notice_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  PRIMARY KEY (notice_id, subject_id)
);

-- +goose Down
DROP TABLE notice_audiences;
