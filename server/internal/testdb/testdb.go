// Package testdb gives tests a real, migrated database: SQLite in a temporary folder, or the server
// of TEST_MYSQL_DSN (a mysql:// URL whose user may create databases named bense_test_*).
package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"bense/server/internal/cache"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/migrations"
)

var shared struct {
	once sync.Once
	db   *db.DB
	err  error
	drop func()
}

// Patience is how long a test waits for what has to come: it finds what hangs and measures nothing.
const Patience = time.Minute

// template is migrated once in a test binary; every other database is a copy of it, which takes a
// tenth of the time.
var template struct {
	once sync.Once
	url  string
	err  error
	drop func()
}

// Main runs a package's tests and removes what they shared afterwards:
//
//	func TestMain(m *testing.M) { testdb.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	for _, drop := range []func(){shared.drop, template.drop} {
		if drop != nil {
			drop()
		}
	}
	os.Exit(code)
}

// Shared gives the one database of this test binary. Tests that commit must use data of their own.
func Shared(t testing.TB) *db.DB {
	t.Helper()
	shared.once.Do(func() { shared.db, shared.drop, shared.err = create() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.db
}

// Tx gives a context whose transaction on Shared is rolled back when the test ends.
func Tx(t testing.TB) (context.Context, *db.DB) {
	t.Helper()
	d := Shared(t)
	tx := d.Begin(t.Context())
	if tx.Error != nil {
		t.Fatal(tx.Error)
	}
	t.Cleanup(func() { tx.Rollback() })
	return d.WithTx(t.Context(), tx), d
}

// Own gives a fresh database of its own, dropped when the test ends.
func Own(t testing.TB) *db.DB {
	t.Helper()
	d, drop, err := create()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return d
}

// OwnURL gives the URL of a fresh, empty database without schema.
func OwnURL(t testing.TB) string {
	t.Helper()
	u, drop, err := createEmpty()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return u
}

// Cache gives the Redis of TEST_REDIS_URL, emptied in the keys of nobody else, or an in-process one.
func Cache(t testing.TB) *cache.Cache {
	t.Helper()
	c, err := cache.Open(os.Getenv("TEST_REDIS_URL"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Box gives fixed keys for tests.
func Box(t testing.TB) *crypt.Box {
	t.Helper()
	secret := make([]byte, crypt.KeySize)
	for i := range secret {
		secret[i] = byte(i + 1)
	}
	b, err := crypt.New(crypt.Key{ID: 1, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func create() (*db.DB, func(), error) {
	template.once.Do(func() { template.url, template.drop, template.err = migrated() })
	if template.err != nil {
		return nil, nil, template.err
	}
	u, drop, err := createEmpty()
	if err != nil {
		return nil, nil, err
	}
	if err := copySchema(template.url, u); err != nil {
		drop()
		return nil, nil, err
	}
	d, err := db.Open(context.Background(), u)
	if err != nil {
		drop()
		return nil, nil, err
	}
	return d, func() { d.Close(); drop() }, nil
}

func migrated() (string, func(), error) {
	u, drop, err := createEmpty()
	if err != nil {
		return "", nil, err
	}
	d, err := db.Open(context.Background(), u)
	if err != nil {
		drop()
		return "", nil, err
	}
	defer d.Close()
	if _, err := d.Migrate(context.Background(), migrations.Files); err != nil {
		drop()
		return "", nil, err
	}
	return u, drop, nil
}

// copySchema gives the empty database to the tables of from, with the rows that migrations wrote.
func copySchema(from, to string) error {
	if file, ok := strings.CutPrefix(from, "sqlite://"); ok {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(strings.TrimPrefix(to, "sqlite://"), data, 0o600)
	}
	source, err := url.Parse(from)
	if err != nil {
		return err
	}
	target, err := url.Parse(to)
	if err != nil {
		return err
	}
	pool, err := administer(target)
	if err != nil {
		return err
	}
	defer pool.Close()
	name := strings.TrimPrefix(source.Path, "/")
	rows, err := pool.Query("SELECT table_name FROM information_schema.tables WHERE table_schema = ?", name)
	if err != nil {
		return fmt.Errorf("testdb: %w", err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return err
		}
		fmt.Fprintf(&all, "CREATE TABLE `%[1]s` LIKE %[2]s.`%[1]s`; INSERT INTO `%[1]s` SELECT * FROM %[2]s.`%[1]s`;", table, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if _, err := pool.Exec(all.String()); err != nil {
		return fmt.Errorf("testdb: %w", err)
	}
	return nil
}

func createEmpty() (string, func(), error) {
	dsn := os.Getenv("TEST_MYSQL_DSN")
	if dsn == "" {
		dir, err := os.MkdirTemp("", "bense-test-")
		if err != nil {
			return "", nil, err
		}
		return "sqlite://" + filepath.Join(dir, "test.db"), func() { os.RemoveAll(dir) }, nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", nil, fmt.Errorf("testdb: TEST_MYSQL_DSN is no URL")
	}
	name := fmt.Sprintf("bense_test_%d_%08x", os.Getpid(), rand.Uint32())
	if err := admin(u, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		return "", nil, err
	}
	own := *u
	own.Path = "/" + name
	return own.String(), func() { admin(u, "DROP DATABASE "+name) }, nil
}

func admin(u *url.URL, statement string) error {
	server := *u
	server.Path = ""
	pool, err := administer(&server)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(statement); err != nil {
		return fmt.Errorf("testdb: %w", err)
	}
	return nil
}

// administer opens the server, or one database of it, for several statements at once.
func administer(u *url.URL) (*sql.DB, error) {
	c := driver.NewConfig()
	c.Net, c.Addr, c.User, c.DBName, c.MultiStatements = "tcp", u.Host, u.User.Username(), strings.TrimPrefix(u.Path, "/"), true
	c.Passwd, _ = u.User.Password()
	return sql.Open("mysql", c.FormatDSN())
}
