-- +goose Up
CREATE TABLE wechat_events (
  event_key VARBINARY(32) NOT NULL PRIMARY KEY,
  created_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE wechat_events;
