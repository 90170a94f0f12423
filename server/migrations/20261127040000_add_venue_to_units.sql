-- +goose Up
ALTER TABLE units ADD COLUMN venue VARCHAR(200) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE units DROP COLUMN venue;
