-- +goose Up
-- Beyond every number that a message or a post of the notice bears already.
UPDATE notices SET rounds = COALESCE((SELECT MAX(d.round) + 1 FROM notice_deliveries AS d WHERE d.notice_id = notices.id), 0)
  + COALESCE((SELECT MAX(p.round) + 1 FROM notice_posts AS p WHERE p.notice_id = notices.id), 0);

-- +goose Down
SELECT 1;
