-- +goose Up
ALTER TABLE notices ADD COLUMN submitted_at DATETIME(3) NULL;

-- +goose Down
ALTER TABLE notices DROP COLUMN submitted_at;
