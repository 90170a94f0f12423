-- +goose Up
CREATE INDEX ix_units_alliance ON units (alliance_id);

-- +goose Down
SELECT 1;
