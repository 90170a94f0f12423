-- +goose Up
CREATE INDEX ix_activity_expected_person ON activity_expected (person_id, activity_id);

-- +goose Down
SELECT 1;
