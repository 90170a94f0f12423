-- +goose Up
CREATE INDEX ix_persons_initials ON persons (initials);

-- +goose Down
SELECT 1;
