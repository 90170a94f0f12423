-- +goose Up
CREATE UNIQUE INDEX uq_console_logins_token ON console_logins (token_hash);

-- +goose Down
SELECT 1;
