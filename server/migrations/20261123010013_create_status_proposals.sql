-- +goose Up
CREATE TABLE status_proposals (
  id BIGINT NOT NULL PRIMARY KEY,
  person_id BIGINT NOT NULL,
  status VARCHAR(12) NOT NULL,
  evidence_enc VARBINARY(2400) NULL,
  evidence_hash VARBINARY(32) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  decision VARCHAR(12) NOT NULL DEFAULT '',
  decided_by BIGINT NULL,
  decided_at DATETIME(3) NULL,
  CONSTRAINT uq_status_proposals UNIQUE (person_id, status, evidence_hash)
);

-- +goose Down
DROP TABLE status_proposals;
