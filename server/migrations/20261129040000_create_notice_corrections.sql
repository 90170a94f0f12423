-- +goose Up
CREATE TABLE notice_corrections (
  notice_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  revision INT NOT NULL,
  title VARCHAR(100) NOT NULL,
  body TEXT NOT NULL,
  note VARCHAR(200) NOT NULL,
  state VARCHAR(20) NOT NULL,
  author_id BIGINT NOT NULL,
  remark VARCHAR(200) NOT NULL,
  doubtful SMALLINT NOT NULL,
  submitted_at DATETIME(3) NOT NULL,
  PRIMARY KEY (notice_id)
);

-- +goose Down
DROP TABLE notice_corrections;
