package db

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
)

// Runner runs SQL as it is written.
type Runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Raw gives the transaction of ctx, or the connections for reading, without gorm: for the few
// statements of the check-in that it would slow down by a tenth and more.
func (d *DB) Raw(ctx context.Context) Runner {
	if tx, ok := ctx.Value(txKey{d}).(*gorm.DB); ok {
		return tx.Statement.ConnPool
	}
	return d.sql
}

// KeepExisting ends an INSERT that leaves rows alone whose key is taken; the affected rows are the
// new ones. column is any column of the table.
func (d *DB) KeepExisting(column string) string {
	if d.engine == SQLite {
		return " ON CONFLICT DO NOTHING"
	}
	return " ON DUPLICATE KEY UPDATE " + column + " = " + column
}
