-- +goose Up
CREATE INDEX ix_notice_deliveries_state ON notice_deliveries (state, id);

-- +goose Down
SELECT 1;
