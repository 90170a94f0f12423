-- +goose Up
CREATE TABLE founding_versions (
  id BIGINT NOT NULL PRIMARY KEY,
  survey_id BIGINT NOT NULL,
  committee_id BIGINT NOT NULL,
  name VARCHAR(60) NOT NULL,
  board MEDIUMBLOB NOT NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_founding_versions_name UNIQUE (survey_id, name)
);

-- +goose Down
DROP TABLE founding_versions;
