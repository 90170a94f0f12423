-- +goose Up
ALTER TABLE notice_recipients ADD COLUMN knew_at DATETIME(3) NULL;

-- +goose Down
ALTER TABLE notice_recipients DROP COLUMN knew_at;
