-- +goose Up
CREATE INDEX ix_election_voters_person ON election_voters (person_id, election_id);

-- +goose Down
SELECT 1;
