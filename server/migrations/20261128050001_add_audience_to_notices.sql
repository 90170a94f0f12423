-- +goose Up
ALTER TABLE notices ADD COLUMN audience VARCHAR(10) NOT NULL DEFAULT 'alliance';

-- +goose Down
ALTER TABLE notices DROP COLUMN audience;
