-- +goose Up
CREATE INDEX ix_person_changes_import ON person_changes (import_id);

-- +goose Down
SELECT 1;
