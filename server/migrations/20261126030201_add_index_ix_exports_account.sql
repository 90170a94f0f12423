-- +goose Up
CREATE INDEX ix_exports_account ON exports (account_id, id);

-- +goose Down
SELECT 1;
