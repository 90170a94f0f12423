-- +goose Up
CREATE TABLE consent_texts (
  version VARCHAR(20) NOT NULL PRIMARY KEY,
  body TEXT NOT NULL,
  created_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE consent_texts;
