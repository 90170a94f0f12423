-- +goose Up
ALTER TABLE notice_recipients ADD COLUMN again_at DATETIME(3) NULL;

-- +goose Down
ALTER TABLE notice_recipients DROP COLUMN again_at;
