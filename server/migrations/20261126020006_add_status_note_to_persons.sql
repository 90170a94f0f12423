-- +goose Up
ALTER TABLE persons ADD COLUMN status_note_enc VARBINARY(1200) NULL;

-- +goose Down
ALTER TABLE persons DROP COLUMN status_note_enc;
