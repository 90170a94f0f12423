-- +goose Up
CREATE TABLE import_choices (
  import_id BIGINT NOT NULL,
  item INT NOT NULL,
  field VARCHAR(40) NOT NULL,
  choice VARCHAR(8) NOT NULL,
  chosen_by BIGINT NOT NULL,
  chosen_at DATETIME(3) NOT NULL,
  PRIMARY KEY (import_id, item, field)
);

-- +goose Down
DROP TABLE import_choices;
