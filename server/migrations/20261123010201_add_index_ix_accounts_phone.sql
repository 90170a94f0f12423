-- +goose Up
CREATE INDEX ix_accounts_phone ON accounts (phone_hash);

-- +goose Down
SELECT 1;
