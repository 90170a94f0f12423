-- +goose Up
CREATE INDEX ix_notice_cards_notice ON notice_cards (notice_id, id);

-- +goose Down
SELECT 1;
