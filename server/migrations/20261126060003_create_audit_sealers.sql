-- +goose Up
CREATE TABLE audit_sealers (
  slot INT NOT NULL PRIMARY KEY,
  holder VARCHAR(40) NOT NULL,
  lease_until DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE audit_sealers;
