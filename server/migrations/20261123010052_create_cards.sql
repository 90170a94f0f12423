-- +goose Up
CREATE TABLE cards (
  serial VARCHAR(32) NOT NULL PRIMARY KEY,
  person_id BIGINT NOT NULL,
  issued_by BIGINT NOT NULL,
  issued_at DATETIME(3) NOT NULL,
  revoked_at DATETIME(3) NULL,
  revoked_by BIGINT NULL
);

-- +goose Down
DROP TABLE cards;
