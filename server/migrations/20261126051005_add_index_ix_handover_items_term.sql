-- +goose Up
CREATE INDEX ix_handover_items_term ON handover_items (term_id, id);

-- +goose Down
SELECT 1;
