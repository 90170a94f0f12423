-- +goose Up
CREATE INDEX ix_outbox_lane ON outbox (state, channel, run_at, id);

-- +goose Down
SELECT 1;
