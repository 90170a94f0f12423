-- +goose Up
ALTER TABLE checkin_lists ADD COLUMN kind VARCHAR(12) NOT NULL DEFAULT 'main';

-- +goose Down
ALTER TABLE checkin_lists DROP COLUMN kind;
