-- +goose Up
ALTER TABLE persons ADD COLUMN status_at VARCHAR(10) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE persons DROP COLUMN status_at;
