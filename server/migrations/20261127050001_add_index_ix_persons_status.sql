-- +goose Up
CREATE INDEX ix_persons_status ON persons (status, id);

-- +goose Down
SELECT 1;
