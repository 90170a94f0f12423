-- +goose Up
ALTER TABLE persons ADD COLUMN contacts_enc BLOB NULL;

-- +goose Down
ALTER TABLE persons DROP COLUMN contacts_enc;
