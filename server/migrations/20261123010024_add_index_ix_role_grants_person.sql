-- +goose Up
CREATE INDEX ix_role_grants_person ON role_grants (person_id);

-- +goose Down
SELECT 1;
