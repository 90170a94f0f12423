-- +goose Up
CREATE INDEX ix_election_ballots_election ON election_ballots (election_id, round);

-- +goose Down
SELECT 1;
