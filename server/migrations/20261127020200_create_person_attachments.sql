-- +goose Up
CREATE TABLE person_attachments (
  id BIGINT NOT NULL PRIMARY KEY,
  person_id BIGINT NOT NULL,
  name_enc VARBINARY(800) NOT NULL,
  kind VARCHAR(20) NOT NULL,
  size INT NOT NULL,
  data_enc MEDIUMBLOB NOT NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  removed_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE person_attachments;
