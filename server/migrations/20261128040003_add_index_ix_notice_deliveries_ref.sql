-- +goose Up
CREATE INDEX ix_notice_deliveries_ref ON notice_deliveries (ref);

-- +goose Down
SELECT 1;
