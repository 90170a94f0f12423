-- +goose Up
CREATE INDEX ix_persons_last4 ON persons (phone_last4_hash);

-- +goose Down
SELECT 1;
