-- +goose Up
CREATE INDEX ix_person_attachments_person ON person_attachments (person_id);

-- +goose Down
SELECT 1;
