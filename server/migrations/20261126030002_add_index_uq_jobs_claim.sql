-- +goose Up
CREATE UNIQUE INDEX uq_jobs_claim ON jobs (claim);

-- +goose Down
SELECT 1;
