-- +goose Up
ALTER TABLE notices ADD COLUMN rounds INT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE notices DROP COLUMN rounds;
