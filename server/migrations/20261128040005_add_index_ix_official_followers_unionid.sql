-- +goose Up
CREATE INDEX ix_official_followers_unionid ON official_followers (unionid);

-- +goose Down
SELECT 1;
