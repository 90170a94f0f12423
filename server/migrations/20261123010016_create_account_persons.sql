-- +goose Up
CREATE TABLE account_persons (
  account_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  relation VARCHAR(12) NOT NULL,
  proof VARCHAR(12) NOT NULL,
  confirmed_by BIGINT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (account_id, person_id)
);

-- +goose Down
DROP TABLE account_persons;
