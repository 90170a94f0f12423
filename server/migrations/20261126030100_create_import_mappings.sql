-- +goose Up
CREATE TABLE import_mappings (
  committee_id BIGINT NOT NULL,
  title VARCHAR(90) NOT NULL,
  column_key VARCHAR(40) NOT NULL,
  updated_by BIGINT NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (committee_id, title)
);

-- +goose Down
DROP TABLE import_mappings;
