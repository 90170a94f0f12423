-- +goose Up
CREATE INDEX ix_audit_lines_subject ON audit_lines (subject_kind, subject_id, id);

-- +goose Down
SELECT 1;
