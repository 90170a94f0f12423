-- +goose Up
ALTER TABLE notice_recipients ADD COLUMN held_by BIGINT NULL;

-- +goose Down
ALTER TABLE notice_recipients DROP COLUMN held_by;
