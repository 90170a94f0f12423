-- +goose Up
ALTER TABLE notice_recipients ADD COLUMN held_until DATETIME(3) NULL;

-- +goose Down
ALTER TABLE notice_recipients DROP COLUMN held_until;
