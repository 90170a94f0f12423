-- +goose Up
CREATE INDEX ix_role_grants_account ON role_grants (account_id);

-- +goose Down
SELECT 1;
