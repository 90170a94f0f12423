-- +goose Up
CREATE INDEX ix_cards_person ON cards (person_id);

-- +goose Down
SELECT 1;
