-- +goose Up
CREATE INDEX ix_elections_alliance ON elections (alliance_id, id);

-- +goose Down
SELECT 1;
