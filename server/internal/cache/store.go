package cache

import (
	"context"
	"strings"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// raise makes the version of a scope another one, in the transaction of ctx.
func raise(ctx context.Context, d *db.DB, scope id.ID) error {
	_, err := d.Raw(ctx).ExecContext(ctx, "INSERT INTO cache_versions (scope_id, version) VALUES (?, 1)"+d.Increase("version", "scope_id"), scope)
	return db.Unavailable(err)
}

// versions reads the versions of scopes; one that was never raised has none.
func versions(ctx context.Context, d *db.DB, scopes []id.ID) (map[id.ID]int64, error) {
	out := make(map[id.ID]int64, len(scopes))
	const most = 500
	for from := 0; from < len(scopes); from += most {
		part := scopes[from:min(from+most, len(scopes))]
		args := make([]any, len(part))
		for i, v := range part {
			args[i] = v
		}
		rows, err := d.Raw(ctx).QueryContext(ctx,
			"SELECT scope_id, version FROM cache_versions WHERE scope_id IN ("+strings.TrimSuffix(strings.Repeat("?,", len(part)), ",")+")", args...)
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for rows.Next() {
			var scope id.ID
			var n int64
			if err := rows.Scan(&scope, &n); err != nil {
				rows.Close()
				return nil, err
			}
			out[scope] = n
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, db.Unavailable(err)
		}
	}
	return out, nil
}
