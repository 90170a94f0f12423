-- +goose Up
CREATE INDEX ix_notices_alliance ON notices (alliance_id, state, id);

-- +goose Down
SELECT 1;
