-- +goose Up
CREATE TABLE notice_approvals (
  alliance_id BIGINT NOT NULL PRIMARY KEY,
  level VARCHAR(10) NOT NULL,
  updated_by BIGINT NOT NULL,
  updated_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE notice_approvals;
