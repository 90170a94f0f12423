-- +goose Up
CREATE INDEX ix_account_persons_person ON account_persons (person_id);

-- +goose Down
SELECT 1;
