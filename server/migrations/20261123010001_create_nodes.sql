-- +goose Up
CREATE TABLE nodes (
  node INT NOT NULL PRIMARY KEY,
  holder VARCHAR(64) NOT NULL,
  lease_until DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE nodes;
