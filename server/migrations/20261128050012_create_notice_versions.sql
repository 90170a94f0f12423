-- +goose Up
CREATE TABLE notice_versions (
  notice_id BIGINT NOT NULL,
  revision INT NOT NULL,
  title VARCHAR(100) NOT NULL,
  body TEXT NOT NULL,
  note VARCHAR(200) NOT NULL,
  told INT NOT NULL,
  editor_id BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (notice_id, revision)
);

-- +goose Down
DROP TABLE notice_versions;
