-- +goose Up
CREATE INDEX ix_imports_committee ON imports (committee_id, id);

-- +goose Down
SELECT 1;
