-- +goose Up
ALTER TABLE activities ADD COLUMN lift SMALLINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE activities DROP COLUMN lift;
