-- +goose Up
ALTER TABLE notices ADD COLUMN corrected_at DATETIME(3) NULL;

-- +goose Down
ALTER TABLE notices DROP COLUMN corrected_at;
