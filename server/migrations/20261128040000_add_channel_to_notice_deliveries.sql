-- +goose Up
ALTER TABLE notice_deliveries ADD COLUMN channel VARCHAR(12) NOT NULL DEFAULT 'subscribe';

-- +goose Down
ALTER TABLE notice_deliveries DROP COLUMN channel;
