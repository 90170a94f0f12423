-- +goose Up
CREATE INDEX ix_checkin_annulments_list ON checkin_annulments (list_id, person_id);

-- +goose Down
SELECT 1;
