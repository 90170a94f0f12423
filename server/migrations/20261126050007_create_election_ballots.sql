-- +goose Up
-- The key is a random number, and INTEGER so that SQLite keeps no row number of its own beside it:
-- nothing in this table tells which ballot came first.
CREATE TABLE election_ballots (
  id INTEGER NOT NULL PRIMARY KEY,
  election_id BIGINT NOT NULL,
  round INT NOT NULL,
  choice_enc VARBINARY(100) NOT NULL
);

-- +goose Down
DROP TABLE election_ballots;
