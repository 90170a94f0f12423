-- +goose Up
CREATE INDEX ix_person_terms_term ON person_terms (term, person_id, committee_id);

-- +goose Down
SELECT 1;
