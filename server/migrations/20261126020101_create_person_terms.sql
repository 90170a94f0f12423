-- +goose Up
CREATE TABLE person_terms (
  committee_id BIGINT NOT NULL,
  term VARCHAR(40) NOT NULL,
  person_id BIGINT NOT NULL,
  PRIMARY KEY (committee_id, term, person_id)
);

-- +goose Down
DROP TABLE person_terms;
