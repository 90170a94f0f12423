-- +goose Up
ALTER TABLE persons ADD COLUMN version INT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE persons DROP COLUMN version;
