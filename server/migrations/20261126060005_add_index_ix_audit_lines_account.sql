-- +goose Up
CREATE INDEX ix_audit_lines_account ON audit_lines (account_id, id);

-- +goose Down
SELECT 1;
