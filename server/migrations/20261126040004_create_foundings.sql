-- +goose Up
CREATE TABLE foundings (
  alliance_id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  survey_id BIGINT NOT NULL,
  version_id BIGINT NOT NULL,
  number INT NOT NULL,
  document_no VARCHAR(60) NOT NULL,
  founded_on VARCHAR(10) NOT NULL,
  reference VARCHAR(200) NOT NULL DEFAULT '',
  founded_by BIGINT NOT NULL,
  founded_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_foundings_number UNIQUE (survey_id, number)
);

-- +goose Down
DROP TABLE foundings;
