-- +goose Up
CREATE INDEX ix_role_grants_deputy ON role_grants (deputy_of);

-- +goose Down
SELECT 1;
