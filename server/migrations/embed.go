// Package migrations holds the schema: portable SQL for MySQL, MariaDB, TiDB and SQLite, one DDL
// statement a file.
package migrations

import "embed"

// Files are the goose migrations.
//
//go:embed *.sql
var Files embed.FS
