-- +goose Up
CREATE INDEX ix_claims_unit ON claims (unit_id, state);

-- +goose Down
SELECT 1;
