-- +goose Up
ALTER TABLE elections ADD COLUMN notice_id BIGINT NULL;

-- +goose Down
ALTER TABLE elections DROP COLUMN notice_id;
