-- +goose Up
ALTER TABLE activity_expected ADD COLUMN queue_no INT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE activity_expected DROP COLUMN queue_no;
