-- +goose Up
CREATE INDEX ix_persons_unit ON persons (unit_id, name);

-- +goose Down
SELECT 1;
