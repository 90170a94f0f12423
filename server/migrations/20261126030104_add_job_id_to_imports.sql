-- +goose Up
ALTER TABLE imports ADD COLUMN job_id BIGINT NULL;

-- +goose Down
ALTER TABLE imports DROP COLUMN job_id;
