-- +goose Up
CREATE TABLE notice_teams (
  notice_id BIGINT NOT NULL,
  name VARCHAR(200) NOT NULL,
  PRIMARY KEY (notice_id, name)
);

-- +goose Down
DROP TABLE notice_teams;
