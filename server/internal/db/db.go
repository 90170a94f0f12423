// Package db opens MySQL, MariaDB, TiDB or SQLite behind one type, carries the transaction in the
// context and repeats what the engine asks to repeat.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/glebarez/sqlite"
	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"bense/server/internal/errs"
)

// Engine names the family of the database.
type Engine string

// The two families; MariaDB and TiDB count as MySQL.
const (
	SQLite Engine = "sqlite"
	MySQL  Engine = "mysql"
)

// attempts is how often a transaction runs at most when the engine asks to repeat it.
const attempts = 3

// DB is one database.
type DB struct {
	gorm   *gorm.DB
	sql    *sql.DB
	write  *sql.DB // SQLite: the only connection that writes; MySQL: the same pool
	wgorm  *gorm.DB
	engine Engine

	repeats atomic.Int64
}

// Open connects by URL: sqlite://PATH, sqlite://:memory: is refused (a pool would see several
// empty databases), mysql://USER:PASSWORD@HOST:PORT/NAME?params.
func Open(ctx context.Context, rawURL string) (*DB, error) {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return nil, errors.New("db: the database URL has no scheme (sqlite:// or mysql://)")
	}
	var d *DB
	var err error
	switch scheme {
	case "sqlite":
		d, err = openSQLite(rest)
	case "mysql":
		d, err = openMySQL(rawURL)
	default:
		return nil, fmt.Errorf("db: unknown scheme %q (sqlite:// or mysql://)", scheme)
	}
	if err != nil {
		return nil, err
	}
	ping, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := d.sql.PingContext(ping); err != nil {
		d.Close()
		return nil, fmt.Errorf("db: no connection: %w", err)
	}
	if err := d.checkCollation(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func openSQLite(path string) (*DB, error) {
	if path == "" || strings.Contains(path, ":memory:") {
		return nil, errors.New("db: sqlite:// needs the path of a file")
	}
	dsn := func(extra string) string {
		return "file:" + path + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)" +
			"&_pragma=synchronous(FULL)&_pragma=foreign_keys(0)&_pragma=secure_delete(1)" + extra
	}
	reader, err := gorm.Open(sqlite.Dialector{DriverName: sqliteDriver, DSN: dsn("")}, gormConfig())
	if err != nil {
		return nil, fmt.Errorf("db: open SQLite: %w", err)
	}
	writer, err := gorm.Open(sqlite.Dialector{DriverName: sqliteDriver, DSN: dsn("&_txlock=immediate")}, gormConfig())
	if err != nil {
		return nil, fmt.Errorf("db: open SQLite: %w", err)
	}
	rsql, err := reader.DB()
	if err != nil {
		return nil, err
	}
	wsql, err := writer.DB()
	if err != nil {
		return nil, err
	}
	rsql.SetMaxOpenConns(8)
	wsql.SetMaxOpenConns(1) // one writer: others wait here, not in SQLITE_BUSY
	return &DB{gorm: reader, sql: rsql, write: wsql, wgorm: writer, engine: SQLite}, nil
}

func openMySQL(rawURL string) (*DB, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return nil, errors.New("db: want mysql://USER:PASSWORD@HOST:PORT/NAME") // never echo the URL: it holds a password
	}
	c := driver.NewConfig()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.Trim(u.Path, "/")
	if u.Port() == "" {
		c.Addr = u.Host + ":3306"
	}
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	if sock := u.Query().Get("socket"); sock != "" {
		c.Net, c.Addr = "unix", sock
	}
	c.Collation = "utf8mb4_bin"
	c.ParseTime, c.Loc = true, time.UTC
	c.InterpolateParams = true
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 2*time.Second, 5*time.Second, 5*time.Second
	c.Params = map[string]string{"time_zone": "'+00:00'", "sql_mode": "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'"}
	g, err := gorm.Open(mysql.New(mysql.Config{
		DSN: c.FormatDSN(), DisableWithReturning: true, DontSupportRenameIndex: true,
		SkipInitializeWithVersion: true, DefaultStringSize: 191,
	}), gormConfig())
	if err != nil {
		return nil, fmt.Errorf("db: open MySQL: %w", err)
	}
	pool, err := g.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(64)
	pool.SetMaxIdleConns(16)
	pool.SetConnMaxLifetime(5 * time.Minute)
	return &DB{gorm: g, sql: pool, write: pool, wgorm: g, engine: MySQL}, nil
}

func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                   logger.Discard, // its lines would hold personal data
		SkipDefaultTransaction:   true,
		DisableNestedTransaction: true,
		DisableAutomaticPing:     true,
	}
}

// checkCollation refuses a schema in which two different openids could compare equal.
func (d *DB) checkCollation(ctx context.Context) error {
	if d.engine != MySQL {
		return nil
	}
	var c string
	if err := d.sql.QueryRowContext(ctx, "SELECT @@collation_database").Scan(&c); err != nil {
		return fmt.Errorf("db: read collation: %w", err)
	}
	if c != "utf8mb4_bin" {
		return fmt.Errorf("db: the database's collation is %s; create it with COLLATE utf8mb4_bin", c)
	}
	return nil
}

// Engine tells which family this is.
func (d *DB) Engine() Engine { return d.engine }

// SQL is the pool for statements outside a transaction that gorm would slow down.
func (d *DB) SQL() *sql.DB { return d.write }

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.sql.PingContext(ctx) }

// Close closes all connections.
func (d *DB) Close() error {
	if d.write != d.sql {
		d.write.Close()
	}
	return d.sql.Close()
}

type txKey struct{ d *DB }

// Conn gives the transaction of ctx, or a connection for reading outside of one.
func (d *DB) Conn(ctx context.Context) *gorm.DB {
	if tx, ok := ctx.Value(txKey{d}).(*gorm.DB); ok {
		return tx.WithContext(ctx)
	}
	return d.gorm.WithContext(ctx)
}

// InTx reports whether ctx carries a transaction of d.
func (d *DB) InTx(ctx context.Context) bool {
	_, ok := ctx.Value(txKey{d}).(*gorm.DB)
	return ok
}

// Tx runs fn in a transaction, joining the one that ctx already carries. At the outermost level a
// deadlock or a busy SQLite repeats fn, at most three times, so fn must be repeatable: it may not
// talk to the network. A failed commit is an error.
func (d *DB) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	if d.InTx(ctx) {
		return fn(ctx)
	}
	return d.repeat(ctx, func() error { return d.once(ctx, fn) })
}

// Auto runs fn outside of a transaction, each statement committed by itself, and repeats it as Tx does:
// fn writes with one statement, which costs the database a quarter of a transaction around it.
func (d *DB) Auto(ctx context.Context, fn func(r Runner) error) error {
	return d.repeat(ctx, func() error { return fn(d.write) })
}

// Repeats tells how often a transaction had to be repeated: the exception, or locks are taken in different orders.
func (d *DB) Repeats() int64 { return d.repeats.Load() }

func (d *DB) repeat(ctx context.Context, fn func() error) error {
	var err error
	for n := range attempts {
		if n > 0 {
			d.repeats.Add(1)
			if werr := pause(ctx, time.Duration(n)*20*time.Millisecond); werr != nil {
				return err
			}
		}
		if err = fn(); !repeatable(err) {
			break
		}
	}
	if isConnection(err) || repeatable(err) { // three times in vain: the caller may come again
		return errs.Wrap(errs.ErrUnavailable, err)
	}
	return err
}

func (d *DB) once(ctx context.Context, fn func(ctx context.Context) error) error {
	var after []func()
	err := d.wgorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		ctx = context.WithValue(ctx, txKey{d}, tx)
		return fn(context.WithValue(ctx, afterKey{d}, &after))
	})
	if err == nil {
		for _, f := range after {
			f()
		}
	}
	return err
}

type afterKey struct{ d *DB }

// AfterCommit runs f once the transaction of ctx has been committed, and not at all when it fails;
// outside of a transaction at once. It is for telling others: f may not write.
func (d *DB) AfterCommit(ctx context.Context, f func()) {
	if after, ok := ctx.Value(afterKey{d}).(*[]func()); ok {
		*after = append(*after, f)
		return
	}
	if !d.InTx(ctx) {
		f()
	}
}

// WithTx puts an open transaction into ctx; for tests that roll everything back.
func (d *DB) WithTx(ctx context.Context, tx *gorm.DB) context.Context {
	return context.WithValue(ctx, txKey{d}, tx)
}

// Begin opens a transaction on the writing connection; for tests.
func (d *DB) Begin(ctx context.Context) *gorm.DB { return d.wgorm.WithContext(ctx).Begin() }

func pause(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
