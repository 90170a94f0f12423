-- +goose Up
CREATE TABLE crypt_keys (
  id INT NOT NULL PRIMARY KEY,
  check_mac VARBINARY(32) NOT NULL,
  wrapped VARBINARY(120) NULL,
  created_at DATETIME(3) NOT NULL,
  removed_at DATETIME(3) NULL
);

-- +goose Down
DROP TABLE crypt_keys;
