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

// Increase ends an INSERT that raises a number by one where the key is taken; column is the number,
// key names the key's columns.
func (d *DB) Increase(column, key string) string {
	if d.engine == SQLite {
		return " ON CONFLICT (" + key + ") DO UPDATE SET " + column + " = " + column + " + 1"
	}
	return " ON DUPLICATE KEY UPDATE " + column + " = " + column + " + 1"
}

// KeepExisting ends an INSERT that leaves rows alone whose key is taken; the affected rows are the
// new ones. column is any column of the table.
func (d *DB) KeepExisting(column string) string {
	if d.engine == SQLite {
		return " ON CONFLICT DO NOTHING"
	}
	return " ON DUPLICATE KEY UPDATE " + column + " = " + column
}

// TablesWith lists the tables that have a column of that name, by name.
func (d *DB) TablesWith(ctx context.Context, column string) ([]string, error) {
	query := "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = ? ORDER BY m.name"
	if d.engine == MySQL {
		query = "SELECT table_name FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = ? ORDER BY table_name"
	}
	var out []string
	err := d.Conn(ctx).Raw(query, column).Scan(&out).Error
	return out, Unavailable(err)
}
