-- +goose Up
ALTER TABLE notices ADD COLUMN follows_id BIGINT NULL;

-- +goose Down
ALTER TABLE notices DROP COLUMN follows_id;
