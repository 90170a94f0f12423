-- +goose Up
CREATE TABLE outbox_rests (
  channel VARCHAR(30) NOT NULL PRIMARY KEY,
  since_at DATETIME(3) NOT NULL,
  until_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE outbox_rests;
