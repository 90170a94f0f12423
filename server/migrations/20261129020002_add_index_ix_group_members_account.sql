-- +goose Up
CREATE INDEX ix_group_members_account ON group_members (account_id);

-- +goose Down
SELECT 1;
