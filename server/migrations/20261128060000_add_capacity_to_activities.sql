-- +goose Up
ALTER TABLE activities ADD COLUMN capacity INT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE activities DROP COLUMN capacity;
