-- +goose Up
CREATE TABLE custom_columns (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  name VARCHAR(40) NOT NULL,
  form VARCHAR(60) NOT NULL,
  kind VARCHAR(10) NOT NULL,
  choices VARCHAR(3000) NOT NULL,
  purpose VARCHAR(60) NOT NULL,
  sort_no INT NOT NULL,
  liaison_edits SMALLINT NOT NULL,
  member_sees SMALLINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  retired_at DATETIME(3) NULL,
  CONSTRAINT uq_custom_columns_form UNIQUE (committee_id, form)
);

-- +goose Down
DROP TABLE custom_columns;
