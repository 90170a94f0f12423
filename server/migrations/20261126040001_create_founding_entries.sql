-- +goose Up
CREATE TABLE founding_entries (
  survey_id BIGINT NOT NULL,
  unit_id BIGINT NOT NULL,
  committee_id BIGINT NOT NULL,
  revision INT NOT NULL DEFAULT 0,
  own_branch INT NULL,
  regular_typed INT NULL,
  typed_by BIGINT NULL,
  typed_at DATETIME(3) NULL,
  regular_counted INT NULL,
  address VARCHAR(200) NOT NULL DEFAULT '',
  street VARCHAR(40) NOT NULL DEFAULT '',
  lat_e6 INT NULL,
  lng_e6 INT NULL,
  work_line VARCHAR(20) NOT NULL DEFAULT '',
  filled_by BIGINT NULL,
  filled_at DATETIME(3) NULL,
  PRIMARY KEY (survey_id, unit_id)
);

-- +goose Down
DROP TABLE founding_entries;
