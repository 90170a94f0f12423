-- +goose Up
ALTER TABLE checkin_lists ADD COLUMN removed_at DATETIME(3) NULL;

-- +goose Down
ALTER TABLE checkin_lists DROP COLUMN removed_at;
