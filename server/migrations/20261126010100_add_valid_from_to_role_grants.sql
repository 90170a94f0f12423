-- +goose Up
ALTER TABLE role_grants ADD COLUMN valid_from DATETIME(3) NULL;

-- +goose Down
ALTER TABLE role_grants DROP COLUMN valid_from;
