-- +goose Up
CREATE TABLE checkin_boards (
  list_id BIGINT NOT NULL PRIMARY KEY,
  generation INT NOT NULL
);

-- +goose Down
DROP TABLE checkin_boards;
