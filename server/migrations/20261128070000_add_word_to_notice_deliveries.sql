-- +goose Up
ALTER TABLE notice_deliveries ADD COLUMN word VARCHAR(60) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE notice_deliveries DROP COLUMN word;
