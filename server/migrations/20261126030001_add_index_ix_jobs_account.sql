-- +goose Up
CREATE INDEX ix_jobs_account ON jobs (account_id, id);

-- +goose Down
SELECT 1;
