-- +goose Up
CREATE INDEX ix_notices_activity ON notices (activity_id);

-- +goose Down
SELECT 1;
