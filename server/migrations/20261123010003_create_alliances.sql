-- +goose Up
CREATE TABLE alliances (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  name VARCHAR(100) NOT NULL,
  lead_unit_id BIGINT NULL,
  basis VARCHAR(20) NOT NULL DEFAULT '',
  venue VARCHAR(200) NOT NULL DEFAULT '',
  group_name VARCHAR(100) NOT NULL DEFAULT '',
  group_openid VARCHAR(64) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_alliances_name UNIQUE (committee_id, name)
);

-- +goose Down
DROP TABLE alliances;
