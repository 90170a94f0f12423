-- +goose Up
CREATE INDEX ix_head_terms_person ON head_terms (person_id, id);

-- +goose Down
SELECT 1;
