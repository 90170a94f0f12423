-- +goose Up
ALTER TABLE persons ADD COLUMN household_id BIGINT NULL;

-- +goose Down
ALTER TABLE persons DROP COLUMN household_id;
