package audit

import (
	"context"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// Told is a line as its subject is told about it.
type Told struct {
	At      time.Time
	Account id.ID
	Detail  []byte // JSON
}

// About gives the latest lines about a subject under one action, but those of the installation itself.
func (l *Log) About(ctx context.Context, kind string, subject id.ID, action string, most int) ([]Told, error) {
	var rows []row
	err := l.db.Conn(ctx).Where("subject_kind = ? AND subject_id = ? AND action = ? AND account_id <> 0", kind, subject, action).
		Order("id DESC").Limit(most).Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Told, 0, len(rows))
	for _, r := range rows {
		detail, err := l.box.Open(r.DetailEnc, sealContext)
		if err != nil {
			return nil, err
		}
		out = append(out, Told{At: r.At.Time, Account: r.AccountID, Detail: detail})
	}
	return out, nil
}
