-- +goose Up
ALTER TABLE checkin_lists ADD COLUMN own_window INT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE checkin_lists DROP COLUMN own_window;
