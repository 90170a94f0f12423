-- +goose Up
ALTER TABLE person_terms ADD COLUMN counts_from SMALLINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE person_terms DROP COLUMN counts_from;
