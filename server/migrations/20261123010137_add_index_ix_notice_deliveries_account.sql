-- +goose Up
CREATE INDEX ix_notice_deliveries_account ON notice_deliveries (account_id, template, state, id);

-- +goose Down
SELECT 1;
