-- +goose Up
ALTER TABLE notice_versions ADD COLUMN changes TEXT NULL;

-- +goose Down
ALTER TABLE notice_versions DROP COLUMN changes;
