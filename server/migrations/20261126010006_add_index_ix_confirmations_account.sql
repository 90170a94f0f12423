-- +goose Up
CREATE INDEX ix_confirmations_account ON confirmations (account_id, state);

-- +goose Down
SELECT 1;
