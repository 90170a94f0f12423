-- +goose Up
ALTER TABLE persons ADD COLUMN custom_enc BLOB NULL;

-- +goose Down
ALTER TABLE persons DROP COLUMN custom_enc;
