-- +goose Up
ALTER TABLE role_grants ADD COLUMN deputy_of BIGINT NULL;

-- +goose Down
ALTER TABLE role_grants DROP COLUMN deputy_of;
