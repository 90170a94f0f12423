-- +goose Up
CREATE TABLE election_rounds (
  election_id BIGINT NOT NULL,
  round INT NOT NULL,
  expected INT NOT NULL,
  voted INT NOT NULL,
  blank INT NOT NULL,
  outcome VARCHAR(12) NOT NULL,
  opens_at DATETIME(3) NOT NULL,
  closes_at DATETIME(3) NOT NULL,
  counted_at DATETIME(3) NULL,
  PRIMARY KEY (election_id, round)
);

-- +goose Down
DROP TABLE election_rounds;
