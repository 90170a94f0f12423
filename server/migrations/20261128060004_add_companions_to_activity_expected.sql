-- +goose Up
ALTER TABLE activity_expected ADD COLUMN companions VARCHAR(40) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE activity_expected DROP COLUMN companions;
