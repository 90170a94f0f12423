-- +goose Up
CREATE TABLE checkin_posters (
  id BIGINT NOT NULL PRIMARY KEY,
  list_id BIGINT NOT NULL,
  code VARCHAR(32) NOT NULL,
  issued_by BIGINT NOT NULL,
  issued_at DATETIME(3) NOT NULL,
  valid_from DATETIME(3) NULL,
  valid_until DATETIME(3) NULL,
  revoked_at DATETIME(3) NULL,
  revoked_by BIGINT NULL,
  CONSTRAINT uq_checkin_posters_code UNIQUE (code)
);

-- +goose Down
DROP TABLE checkin_posters;
