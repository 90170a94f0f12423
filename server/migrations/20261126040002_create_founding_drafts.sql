-- +goose Up
CREATE TABLE founding_drafts (
  survey_id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  revision INT NOT NULL,
  arrangement MEDIUMBLOB NOT NULL,
  updated_by BIGINT NOT NULL,
  updated_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE founding_drafts;
