-- +goose Up
ALTER TABLE notice_deliveries ADD COLUMN resent INT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE notice_deliveries DROP COLUMN resent;
