-- +goose Up
CREATE UNIQUE INDEX uq_console_sessions_token ON console_sessions (token_hash);

-- +goose Down
SELECT 1;
