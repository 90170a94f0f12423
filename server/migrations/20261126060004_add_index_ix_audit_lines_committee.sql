-- +goose Up
CREATE INDEX ix_audit_lines_committee ON audit_lines (committee_id, id);

-- +goose Down
SELECT 1;
