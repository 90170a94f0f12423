-- +goose Up
-- Notices are made with 0; those from before go on beyond every number that their messages and posts bear.
ALTER TABLE notices ADD COLUMN rounds INT NOT NULL DEFAULT 10000;

-- +goose Down
ALTER TABLE notices DROP COLUMN rounds;
