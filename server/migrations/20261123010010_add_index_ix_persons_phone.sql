-- +goose Up
CREATE INDEX ix_persons_phone ON persons (phone_hash);

-- +goose Down
SELECT 1;
