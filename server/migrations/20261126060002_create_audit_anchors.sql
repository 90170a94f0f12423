-- +goose Up
CREATE TABLE audit_anchors (
  seq BIGINT NOT NULL PRIMARY KEY,
  hash VARBINARY(33) NOT NULL,
  at DATETIME(3) NOT NULL,
  mac VARBINARY(33) NOT NULL
);

-- +goose Down
DROP TABLE audit_anchors;
