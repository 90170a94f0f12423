-- +goose Up
CREATE INDEX ix_role_grants_phone ON role_grants (phone_hash);

-- +goose Down
SELECT 1;
