-- +goose Up
ALTER TABLE notices ADD COLUMN checked_revision INT NULL;

-- +goose Down
ALTER TABLE notices DROP COLUMN checked_revision;
