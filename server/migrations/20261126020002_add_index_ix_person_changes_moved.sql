-- +goose Up
CREATE INDEX ix_person_changes_moved ON person_changes (moved, at, person_id, seq);

-- +goose Down
SELECT 1;
