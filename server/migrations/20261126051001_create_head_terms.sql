-- +goose Up
CREATE TABLE head_terms (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  alliance_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  acting INT NOT NULL,
  election_id BIGINT NULL,
  state VARCHAR(12) NOT NULL,
  starts_at DATETIME(3) NOT NULL,
  ends_at DATETIME(3) NOT NULL,
  reason VARCHAR(400) NOT NULL,
  grant_id BIGINT NULL,
  former_id BIGINT NULL,
  begun_at DATETIME(3) NULL,
  ended_at DATETIME(3) NULL,
  seen_at DATETIME(3) NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL
);

-- +goose Down
DROP TABLE head_terms;
