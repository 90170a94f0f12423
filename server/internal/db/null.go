package db

import (
	"database/sql"
	"database/sql/driver"

	"github.com/glebarez/sqlite"
)

// sqliteDriver is SQLite's driver with one difference: a nil []byte is NULL, as in MySQL. By itself it
// would be an empty blob, which is neither NULL nor found by IS NULL.
const sqliteDriver = "bense-sqlite"

func init() {
	d, err := sql.Open(sqlite.DriverName, "") // opens nothing: it only looks the driver up
	if err != nil {
		panic(err) // the import above registers it
	}
	sql.Register(sqliteDriver, nullDriver{d.Driver()})
	d.Close() // it would keep a goroutine
}

type nullDriver struct{ driver.Driver }

// plainConn is what SQLite's connections can do.
type plainConn interface {
	driver.Conn
	driver.Pinger
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type nullConn struct{ plainConn }

func (d nullDriver) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return nullConn{c.(plainConn)}, nil
}

// CheckNamedValue converts what is bound.
func (nullConn) CheckNamedValue(v *driver.NamedValue) (err error) {
	if v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value); err != nil {
		return err
	}
	if b, ok := v.Value.([]byte); ok && b == nil {
		v.Value = nil
	}
	return nil
}
