package internal_test

import (
	"strings"
	"testing"
)

func TestPortabilityGuardBites(t *testing.T) {
	for _, sql := range []string{
		"CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN END", "CREATE DEFINER=root PROCEDURE p () SELECT 1", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
		"CREATE FULLTEXT INDEX ix_a ON a (b)", "SELECT * FROM a WHERE MATCH (b) AGAINST ('c')",
		"CONSTRAINT fk FOREIGN KEY (a) REFERENCES b (id) ON DELETE CASCADE", "ON UPDATE SET NULL",
		"SELECT GET_LOCK('a', 1)", "SELECT * FROM a FOR SHARE", "SELECT * FROM a LOCK IN SHARE MODE", "LOAD DATA INFILE 'a' INTO TABLE b",
		"SELECT * FROM a FOR UPDATE OF a", "INSERT INTO a (b) VALUES (1) AS new ON DUPLICATE KEY UPDATE b = new.b",
		"insert ignore into a values (1)", "INSERT OR REPLACE INTO a VALUES (1)", "REPLACE INTO a VALUES (1)",
		"INSERT INTO a VALUES (1) ON DUPLICATE KEY UPDATE b = 1", "INSERT INTO a VALUES (1) ON CONFLICT (b) DO NOTHING",
		"DELETE FROM a RETURNING id", "SELECT * FROM a, LATERAL (SELECT 1) b", "SELECT * FROM a FORCE INDEX (ix_a)",
		"CREATE TABLE a (b TEXT COLLATE utf8mb4_0900_ai_ci)", "CREATE TABLE a (id BIGINT) ENGINE=InnoDB",
		"CREATE TABLE a (id BIGINT AUTO_INCREMENT)", "id INTEGER PRIMARY KEY AUTOINCREMENT", "SELECT LAST_INSERT_ID()",
		"UPDATE a SET b = NOW()", "b DATETIME(3) DEFAULT CURRENT_TIMESTAMP", "SELECT UTC_TIMESTAMP(3)", "at > datetime('now')",
		"SELECT DATE_FORMAT(a, 'x') FROM b", "GROUP BY YEAR(held_at)", "at + INTERVAL 1 DAY",
		"SELECT a || b FROM c", "SELECT CONCAT(a, b) FROM c", "SELECT IF(a, 1, 2) FROM b", "name REGEXP 'a'", "a <=> b", "doc->>'$.a' = 1", "JSON_EXTRACT(a, 'b')",
		"SELECT GROUP_CONCAT(a) FROM b", "n INT UNSIGNED", "at TIMESTAMP NOT NULL", "at DATETIME NOT NULL", "at DATETIME(6)",
		"UPDATE a JOIN b ON a.id = b.id SET a.c = 1", "DELETE a FROM a, b WHERE a.id = b.id",
		"CREATE INDEX ix_a ON a ((b + 1))", "CREATE INDEX ix_a ON a (LOWER(b))", "CREATE INDEX ix_a ON a (b(10))",
	} {
		expect(t, sql, sqlFaults("sample", sql), "not portable")
	}
	for _, sql := range []string{
		"SELECT id, name FROM persons WHERE alliance_id IN (?) AND name LIKE ? ORDER BY id LIMIT ?",
		"SELECT COALESCE(SUM(CASE WHEN state = 'going' THEN 1 ELSE 0 END), 0) FROM a",
		"INSERT INTO a (id, at) VALUES (?, ?)", "UPDATE a SET new_at = ?, returning_at = ? WHERE id = ?",
		"SELECT 'NOW() FOR SHARE' FROM a -- RETURNING", "CREATE TABLE IF NOT EXISTS a (at DATETIME(3) NOT NULL)",
		"SELECT * FROM outbox WHERE run_at <= ? ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED",
		"SELECT * FROM a /*! FORCE INDEX (ix_a) */ WHERE b = ?",
		"WITH RECURSIVE up AS (SELECT id, parent_id FROM committees) SELECT id FROM up",
	} {
		expect(t, sql, sqlFaults("sample", sql), "")
	}
}

func TestMigrationGuardBites(t *testing.T) {
	const (
		name  = "server/migrations/20261123010001_create_a.sql"
		table = "-- +goose Up\nCREATE TABLE a (\n  id BIGINT NOT NULL PRIMARY KEY,\n  CONSTRAINT uq_a UNIQUE (id)\n);\n\n-- +goose Down\nDROP TABLE a;\n"
		index = "-- +goose Up\nCREATE INDEX ix_a ON a (b);\n-- +goose Down\n"
	)
	for _, c := range []struct{ path, text, want string }{
		{name, table, ""},
		{name, index, ""},
		{name, index + "SELECT 1;\n", ""},
		{"server/migrations/1_create_a.sql", table, "YYYYMMDD"},
		{"server/migrations/20261123010001_create.sql", table, "YYYYMMDD"},
		{"server/migrations/20261323010001_create_a.sql", table, "does not begin with a time"},
		{name, "CREATE TABLE a (id BIGINT PRIMARY KEY);", "one -- +goose Up"},
		{name, strings.Replace(table, "CREATE", "-- +goose StatementBegin\nCREATE", 1), "one -- +goose Up"},
		{name, strings.Replace(table, "-- +goose Down", "CREATE INDEX ix_a ON a (b);\n-- +goose Down", 1), "one DDL statement"},
		{name, strings.Replace(table, "CREATE TABLE a", "UPDATE a SET b", 1), "one DDL statement"},
		{name, strings.Replace(table, "DROP TABLE a;", "", 1), "want DROP TABLE a"},
		{name, strings.Replace(table, " PRIMARY KEY", "", 1), "without a primary key"},
		{name, strings.Replace(table, "uq_a", "a_unique", 1), "ix_, uq_"},
		{name, index + "DROP INDEX ix_a;\n", "Down is empty"},
	} {
		expect(t, c.path+"\n"+c.text, migrationFaults(c.path, c.text), c.want)
	}
}

func TestCodeGuardBites(t *testing.T) {
	in := func(body string) string { return "package ledger\nfunc (r row) f() {\n" + body + "\n}\n" }
	for _, c := range []struct{ path, text, want string }{
		{"server/internal/ledger/store.go", in("q.Where(\"at < NOW()\")"), "the database's clock"},
		{"server/internal/ledger/store.go", in("q.Raw(`SELECT 1 FROM a FOR SHARE`)"), "FOR SHARE"},
		{"server/internal/db/db.go", in("q.Exec(\"INSERT IGNORE INTO a VALUES (1)\")"), "INSERT IGNORE"},
		{"server/internal/ledger/store.go", in("q.Save(&r)"), "name their columns"},
		{"server/internal/ledger/store.go", in("q.AutoMigrate(&r)"), "name their columns"},
		{"server/internal/ledger/store.go", "package ledger\nfunc (r *row) BeforeCreate() {}\n", "no gorm hooks"},
		{"server/internal/ledger/store.go", in("q.Where(\"unit_id = ?\", u).Updates(m)"), ""},
		{"server/internal/ledger/ledger.go", in("say(\"a || b\", \"活动 NOW()\")"), ""},
	} {
		expect(t, c.text, codeFaults(parse(t, c.path, c.text)), c.want)
	}
}
