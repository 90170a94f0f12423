-- +goose Up
INSERT INTO alliance_groups (id, alliance_id, open_gid, state, seen_at, bound_at) SELECT id, id, group_openid, 'bound', updated_at, updated_at FROM alliances WHERE group_openid <> '';

-- +goose Down
SELECT 1;
