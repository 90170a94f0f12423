-- +goose Up
ALTER TABLE activities ADD COLUMN answer_until DATETIME(3) NULL;

-- +goose Down
ALTER TABLE activities DROP COLUMN answer_until;
