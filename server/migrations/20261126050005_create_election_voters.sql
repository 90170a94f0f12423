-- +goose Up
CREATE TABLE election_voters (
  election_id BIGINT NOT NULL,
  round INT NOT NULL,
  person_id BIGINT NOT NULL,
  unit_id BIGINT NOT NULL,
  door VARCHAR(12) NOT NULL DEFAULT '',
  cast_in INT NOT NULL DEFAULT 0,
  on_behalf INT NOT NULL DEFAULT 0,
  account_id BIGINT NULL,
  PRIMARY KEY (election_id, round, person_id)
);

-- +goose Down
DROP TABLE election_voters;
