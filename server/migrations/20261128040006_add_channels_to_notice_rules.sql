-- +goose Up
ALTER TABLE notice_rules ADD COLUMN channels VARCHAR(60) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE notice_rules DROP COLUMN channels;
