-- +goose Up
ALTER TABLE notices ADD COLUMN keeper_id BIGINT NULL;

-- +goose Down
ALTER TABLE notices DROP COLUMN keeper_id;
