-- +goose Up
CREATE TABLE picture_checks (
  trace VARCHAR(100) NOT NULL PRIMARY KEY,
  picture_id BIGINT NULL,
  verdict VARCHAR(10) NOT NULL,
  created_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE picture_checks;
