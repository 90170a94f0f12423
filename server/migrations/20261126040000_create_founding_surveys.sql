-- +goose Up
CREATE TABLE founding_surveys (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  name VARCHAR(60) NOT NULL,
  months INT NOT NULL,
  threshold INT NOT NULL,
  counted_at DATETIME(3) NULL,
  founded_version_id BIGINT NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_founding_surveys_name UNIQUE (committee_id, name)
);

-- +goose Down
DROP TABLE founding_surveys;
