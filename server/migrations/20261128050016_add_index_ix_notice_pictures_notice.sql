-- +goose Up
CREATE INDEX ix_notice_pictures_notice ON notice_pictures (notice_id);

-- +goose Down
SELECT 1;
