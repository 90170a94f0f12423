-- +goose Up
CREATE INDEX ix_checkin_posters_list ON checkin_posters (list_id);

-- +goose Down
SELECT 1;
