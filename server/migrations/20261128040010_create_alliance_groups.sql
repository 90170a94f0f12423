-- +goose Up
CREATE TABLE alliance_groups (
  id BIGINT NOT NULL PRIMARY KEY,
  alliance_id BIGINT NOT NULL,
  open_gid VARCHAR(64) NOT NULL,
  state VARCHAR(8) NOT NULL,
  notice_id BIGINT NULL,
  seen_by BIGINT NULL,
  seen_at DATETIME(3) NOT NULL,
  bound_by BIGINT NULL,
  bound_at DATETIME(3) NULL,
  ended_by BIGINT NULL,
  ended_at DATETIME(3) NULL,
  CONSTRAINT uq_alliance_groups UNIQUE (alliance_id, open_gid)
);

-- +goose Down
DROP TABLE alliance_groups;
