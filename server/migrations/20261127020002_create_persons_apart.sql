-- +goose Up
CREATE TABLE persons_apart (
  person_id BIGINT NOT NULL,
  other_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  at DATETIME(3) NOT NULL,
  PRIMARY KEY (person_id, other_id)
);

-- +goose Down
DROP TABLE persons_apart;
