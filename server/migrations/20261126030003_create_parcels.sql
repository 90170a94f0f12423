-- +goose Up
CREATE TABLE parcels (
  owner_id BIGINT NOT NULL,
  kind VARCHAR(12) NOT NULL,
  part INT NOT NULL,
  data_enc MEDIUMBLOB NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (owner_id, kind, part)
);

-- +goose Down
DROP TABLE parcels;
