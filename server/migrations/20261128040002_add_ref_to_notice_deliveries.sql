-- +goose Up
ALTER TABLE notice_deliveries ADD COLUMN ref VARCHAR(40) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE notice_deliveries DROP COLUMN ref;
