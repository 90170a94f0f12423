-- +goose Up
CREATE INDEX ix_notice_recipients_person ON notice_recipients (person_id, notice_id);

-- +goose Down
SELECT 1;
