-- +goose Up
CREATE INDEX ix_claims_account ON claims (account_id, state);

-- +goose Down
SELECT 1;
