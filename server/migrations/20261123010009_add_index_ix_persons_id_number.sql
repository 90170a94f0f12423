-- +goose Up
CREATE INDEX ix_persons_id_number ON persons (id_number_hash);

-- +goose Down
SELECT 1;
