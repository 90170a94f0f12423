-- +goose Up
ALTER TABLE notices ADD COLUMN series_id BIGINT NULL;

-- +goose Down
ALTER TABLE notices DROP COLUMN series_id;
