-- +goose Up
CREATE INDEX ix_persons_household ON persons (household_id);

-- +goose Down
SELECT 1;
