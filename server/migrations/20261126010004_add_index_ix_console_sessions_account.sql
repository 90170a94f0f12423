-- +goose Up
CREATE INDEX ix_console_sessions_account ON console_sessions (account_id);

-- +goose Down
SELECT 1;
