-- +goose Up
CREATE INDEX ix_activities_alliance ON activities (alliance_id, starts_at, id);

-- +goose Down
SELECT 1;
