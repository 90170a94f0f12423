-- +goose Up
CREATE TABLE election_candidates (
  election_id BIGINT NOT NULL,
  round INT NOT NULL,
  person_id BIGINT NOT NULL,
  place INT NOT NULL,
  votes INT NOT NULL,
  against INT NOT NULL,
  abstain INT NOT NULL,
  PRIMARY KEY (election_id, round, person_id)
);

-- +goose Down
DROP TABLE election_candidates;
