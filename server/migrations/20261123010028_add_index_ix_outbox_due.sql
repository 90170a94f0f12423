-- +goose Up
CREATE INDEX ix_outbox_due ON outbox (state, run_at, id);

-- +goose Down
SELECT 1;
