-- +goose Up
ALTER TABLE imports ADD COLUMN undone_at DATETIME(3) NULL;

-- +goose Down
ALTER TABLE imports DROP COLUMN undone_at;
