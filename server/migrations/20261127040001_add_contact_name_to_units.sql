-- +goose Up
ALTER TABLE units ADD COLUMN contact_name_enc VARBINARY(300) NULL;

-- +goose Down
ALTER TABLE units DROP COLUMN contact_name_enc;
