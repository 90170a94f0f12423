-- +goose Up
ALTER TABLE activity_expected ADD COLUMN lift SMALLINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE activity_expected DROP COLUMN lift;
