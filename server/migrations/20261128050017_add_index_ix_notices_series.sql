-- +goose Up
CREATE INDEX ix_notices_series ON notices (series_id);

-- +goose Down
SELECT 1;
