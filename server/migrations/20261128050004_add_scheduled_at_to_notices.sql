-- +goose Up
ALTER TABLE notices ADD COLUMN scheduled_at DATETIME(3) NULL;

-- +goose Down
ALTER TABLE notices DROP COLUMN scheduled_at;
