-- +goose Up
ALTER TABLE notices ADD COLUMN doubtful SMALLINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE notices DROP COLUMN doubtful;
