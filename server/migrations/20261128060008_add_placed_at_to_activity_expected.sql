-- +goose Up
ALTER TABLE activity_expected ADD COLUMN placed_at DATETIME(3) NULL;

-- +goose Down
ALTER TABLE activity_expected DROP COLUMN placed_at;
