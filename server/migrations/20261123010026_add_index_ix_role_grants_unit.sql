-- +goose Up
CREATE INDEX ix_role_grants_unit ON role_grants (unit_id, role);

-- +goose Down
SELECT 1;
