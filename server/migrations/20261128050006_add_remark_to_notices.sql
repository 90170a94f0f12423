-- +goose Up
ALTER TABLE notices ADD COLUMN remark VARCHAR(200) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE notices DROP COLUMN remark;
