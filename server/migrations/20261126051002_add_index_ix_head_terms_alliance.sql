-- +goose Up
CREATE INDEX ix_head_terms_alliance ON head_terms (alliance_id, id);

-- +goose Down
SELECT 1;
