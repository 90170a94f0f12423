-- +goose Up
ALTER TABLE audit_lines ADD COLUMN mac VARBINARY(33) NULL;

-- +goose Down
ALTER TABLE audit_lines DROP COLUMN mac;
