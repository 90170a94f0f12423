-- +goose Up
ALTER TABLE activities ADD COLUMN companions SMALLINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE activities DROP COLUMN companions;
