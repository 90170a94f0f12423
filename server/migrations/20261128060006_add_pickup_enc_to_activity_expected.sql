-- +goose Up
ALTER TABLE activity_expected ADD COLUMN pickup_enc VARBINARY(600) NULL;

-- +goose Down
ALTER TABLE activity_expected DROP COLUMN pickup_enc;
