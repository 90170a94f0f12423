-- +goose Up
ALTER TABLE exports ADD COLUMN custom_list VARCHAR(1000) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE exports DROP COLUMN custom_list;
