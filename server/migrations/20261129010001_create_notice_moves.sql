-- +goose Up
CREATE TABLE notice_moves (
  notice_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  starts_before DATETIME(3) NOT NULL,
  ends_before DATETIME(3) NOT NULL,
  place_before VARCHAR(200) NOT NULL,
  starts_after DATETIME(3) NOT NULL,
  ends_after DATETIME(3) NOT NULL,
  place_after VARCHAR(200) NOT NULL,
  told INT NOT NULL,
  moved_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (notice_id, id)
);

-- +goose Down
DROP TABLE notice_moves;
