-- +goose Up
CREATE TABLE audit_links (
  seq BIGINT NOT NULL PRIMARY KEY,
  line_id BIGINT NOT NULL,
  hash VARBINARY(33) NOT NULL,
  CONSTRAINT uq_audit_links_line UNIQUE (line_id)
);

-- +goose Down
DROP TABLE audit_links;
