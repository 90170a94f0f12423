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
	"sync"
	"testing"

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

// Main runs a package's tests and removes the shared database afterwards:
//
//	func TestMain(m *testing.M) { testdb.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	if shared.drop != nil {
		shared.drop()
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
	u, drop, err := createEmpty()
	if err != nil {
		return nil, nil, err
	}
	d, err := db.Open(context.Background(), u)
	if err != nil {
		drop()
		return nil, nil, err
	}
	if _, err := d.Migrate(context.Background(), migrations.Files); err != nil {
		d.Close()
		drop()
		return nil, nil, err
	}
	return d, func() { d.Close(); drop() }, nil
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
	c := driver.NewConfig()
	c.Net, c.Addr, c.User = "tcp", u.Host, u.User.Username()
	c.Passwd, _ = u.User.Password()
	pool, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(statement); err != nil {
		return fmt.Errorf("testdb: %w", err)
	}
	return nil
}
