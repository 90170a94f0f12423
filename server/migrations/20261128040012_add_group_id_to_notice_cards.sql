-- +goose Up
ALTER TABLE notice_cards ADD COLUMN group_id BIGINT NULL;

-- +goose Down
ALTER TABLE notice_cards DROP COLUMN group_id;
