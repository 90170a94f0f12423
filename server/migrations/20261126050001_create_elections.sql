-- +goose Up
CREATE TABLE elections (
  id BIGINT NOT NULL PRIMARY KEY,
  committee_id BIGINT NOT NULL,
  alliance_id BIGINT NOT NULL,
  form VARCHAR(12) NOT NULL,
  state VARCHAR(12) NOT NULL,
  round INT NOT NULL,
  quorum INT NOT NULL,
  term_years INT NOT NULL,
  opens_at DATETIME(3) NOT NULL,
  closes_at DATETIME(3) NOT NULL,
  elected_id BIGINT NULL,
  cancel_reason VARCHAR(400) NOT NULL,
  running_in BIGINT NULL,
  created_by BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  CONSTRAINT uq_elections_running UNIQUE (running_in)
);

-- +goose Down
DROP TABLE elections;
