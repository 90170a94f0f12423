-- +goose Up
CREATE TABLE handover_items (
  id BIGINT NOT NULL PRIMARY KEY,
  term_id BIGINT NOT NULL,
  kind VARCHAR(12) NOT NULL,
  subject_id BIGINT NOT NULL,
  title VARCHAR(400) NOT NULL,
  note VARCHAR(400) NOT NULL,
  happens_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE handover_items;
