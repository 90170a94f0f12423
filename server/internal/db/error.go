package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/gorm"

	"bense/server/internal/errs"
)

// Numbers of MySQL errors that the code branches on.
const (
	erDupEntry     = 1062
	erLockDeadlock = 1213
	erLockTimeout  = 1205
	erCheckRead    = 1020 // MariaDB: "Record has changed since last read", its snapshot conflict
)

// turnedAway are errors of a MySQL that is there but takes nobody at the moment: too many connections
// (of all, of a user), shutting down, read-only (by option, after a failover), connection killed.
var turnedAway = []uint16{1040, 1203, 1053, 1290, 1836, 1927}

// IsDuplicate reports a broken unique or primary key.
func IsDuplicate(err error) bool {
	var m *mysqldriver.MySQLError
	if errors.As(err, &m) {
		return m.Number == erDupEntry
	}
	return err != nil && strings.Contains(err.Error(), "UNIQUE constraint failed")
}

// IsNotFound reports that a query for one row found none.
func IsNotFound(err error) bool { return errors.Is(err, gorm.ErrRecordNotFound) }

// NotFound turns "no row" into errs.ErrNotFound, and trouble with the connection into
// errs.ErrUnavailable; other errors pass.
func NotFound(err error) error {
	switch {
	case err == nil:
		return nil
	case IsNotFound(err):
		return errs.ErrNotFound
	}
	return Unavailable(err)
}

// Unavailable wraps a lost or refused connection as errs.ErrUnavailable; other errors pass.
func Unavailable(err error) error {
	if isConnection(err) {
		return errs.Wrap(errs.ErrUnavailable, err)
	}
	return err
}

func repeatable(err error) bool {
	var m *mysqldriver.MySQLError
	if errors.As(err, &m) {
		return m.Number == erLockDeadlock || m.Number == erLockTimeout || m.Number == erCheckRead
	}
	return err != nil && (strings.Contains(err.Error(), "SQLITE_BUSY") || strings.Contains(err.Error(), "database is locked"))
}

func isConnection(err error) bool {
	if err == nil {
		return false
	}
	var e *errs.Error
	if errors.As(err, &e) {
		return false // already said in our words
	}
	var m *mysqldriver.MySQLError
	if errors.As(err, &m) {
		return slices.Contains(turnedAway, m.Number)
	}
	var n net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysqldriver.ErrInvalidConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		(errors.As(err, &n) && !errors.Is(err, context.Canceled)) ||
		strings.Contains(err.Error(), "sql: database is closed")
}
