-- +goose Up
ALTER TABLE units ADD COLUMN contact_phone_enc VARBINARY(120) NULL;

-- +goose Down
ALTER TABLE units DROP COLUMN contact_phone_enc;
