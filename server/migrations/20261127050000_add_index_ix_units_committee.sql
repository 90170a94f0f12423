-- +goose Up
CREATE INDEX ix_units_committee ON units (committee_id, id);

-- +goose Down
SELECT 1;
