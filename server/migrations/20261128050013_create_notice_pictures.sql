-- +goose Up
CREATE TABLE notice_pictures (
  id BIGINT NOT NULL PRIMARY KEY,
  notice_id BIGINT NOT NULL,
  width INT NOT NULL,
  height INT NOT NULL,
  size INT NOT NULL,
  data_enc MEDIUMBLOB NOT NULL,
  state VARCHAR(10) NOT NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  decided_by BIGINT NULL,
  decided_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE notice_pictures;
