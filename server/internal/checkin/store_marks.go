package checkin

import (
	"context"
	"fmt"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// Pulse gives a fingerprint of each list: it differs whenever somebody was signed in, taken back or
// confirmed since. One statement over the rows of those lists; a live.Look.
func (s *Service) Pulse(ctx context.Context, lists []id.ID) (map[id.ID]string, error) {
	return s.store.pulse(ctx, lists)
}

func (s store) pulse(ctx context.Context, lists []id.ID) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(lists))
	if len(lists) == 0 {
		return out, nil
	}
	rows, err := s.db.Raw(ctx).QueryContext(ctx, "SELECT list_id, COUNT(*), MAX(recorded_at), SUM(CASE WHEN flag = '' THEN 0 ELSE 1 END) "+
		"FROM checkins WHERE list_id IN ("+marks(len(lists))+") GROUP BY list_id", anys(lists)...)
	if err != nil {
		return nil, db.Unavailable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var list id.ID
		var n, flagged int64
		var newest db.Time
		if err := rows.Scan(&list, &n, &newest, &flagged); err != nil {
			return nil, err
		}
		out[list] = fmt.Sprint(n, newest.UnixMilli(), flagged)
	}
	return out, db.Unavailable(rows.Err())
}
