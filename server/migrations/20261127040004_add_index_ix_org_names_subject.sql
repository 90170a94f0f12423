-- +goose Up
CREATE INDEX ix_org_names_subject ON org_names (subject_id);

-- +goose Down
SELECT 1;
