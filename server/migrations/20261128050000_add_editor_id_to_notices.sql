-- +goose Up
ALTER TABLE notices ADD COLUMN editor_id BIGINT NULL;

-- +goose Down
ALTER TABLE notices DROP COLUMN editor_id;
