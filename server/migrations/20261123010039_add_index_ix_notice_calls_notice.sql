-- +goose Up
CREATE INDEX ix_notice_calls_notice ON notice_calls (notice_id, person_id, id);

-- +goose Down
SELECT 1;
