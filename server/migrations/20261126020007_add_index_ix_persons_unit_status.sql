-- +goose Up
CREATE INDEX ix_persons_unit_status ON persons (unit_id, status);

-- +goose Down
SELECT 1;
