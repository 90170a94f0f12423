package privacy

import (
	"context"
	"time"

	"bense/server/internal/db"
)

func (s store) due(ctx context.Context, r Rule, now time.Time) (n int64, err error) {
	err = s.db.Conn(ctx).Table(r.table).Where(r.where, db.At(now.Add(-r.Age))).Count(&n).Error
	return n, db.Unavailable(err)
}

// forget is one statement a rule: each touches a day's worth of rows once the first night is over.
func (s store) forget(ctx context.Context, r Rule, now time.Time) (n int64, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		q := s.db.Conn(ctx).Table(r.table).Where(r.where, db.At(now.Add(-r.Age)))
		if r.blank == nil {
			q = q.Delete(nil)
		} else {
			q = q.Updates(r.blank)
		}
		n = q.RowsAffected
		return q.Error
	})
	return n, db.Unavailable(err)
}
