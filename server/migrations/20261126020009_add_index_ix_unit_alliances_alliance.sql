-- +goose Up
CREATE INDEX ix_unit_alliances_alliance ON unit_alliances (alliance_id);

-- +goose Down
SELECT 1;
