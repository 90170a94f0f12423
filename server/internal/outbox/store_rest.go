package outbox

import (
	"context"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
)

type restRow struct {
	Channel string `gorm:"primaryKey"`
	SinceAt db.Time
	UntilAt db.Time
}

func (restRow) TableName() string { return "outbox_rests" }

// rests gives all that is written down, by channel.
func (o *Outbox) rests(ctx context.Context) (map[string]Rest, error) {
	var rows []restRow
	err := o.db.Conn(ctx).Find(&rows).Error
	out := make(map[string]Rest, len(rows))
	for _, r := range rows {
		out[r.Channel] = Rest{r.SinceAt.Time, r.UntilAt.Time}
	}
	return out, db.Unavailable(err)
}

func (o *Outbox) setRest(ctx context.Context, channel string, r Rest) error {
	if r == (Rest{}) {
		return db.Unavailable(o.db.Conn(ctx).Where("channel = ?", channel).Delete(&restRow{}).Error)
	}
	return db.Unavailable(o.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "channel"}}, UpdateAll: true}).
		Create(&restRow{Channel: channel, SinceAt: db.At(r.Since), UntilAt: db.At(r.Until)}).Error)
}

// queued is how many rows of a channel are in a state, and since when the oldest of them is due.
type queued struct {
	Rows   int `gorm:"column:n"`
	Oldest *db.Time
}

// mostCounted bounds what a look at a queue costs: beyond it the number says "at least".
const mostCounted = 10_000

// queue walks the index that the worker leases along, no further than mostCounted.
func (o *Outbox) queue(ctx context.Context, channel string, state State) (queued, error) {
	var q queued
	err := o.db.Conn(ctx).Raw("SELECT COUNT(*) AS n, MIN(q.run_at) AS oldest FROM (SELECT run_at FROM "+lanes+
		" WHERE state = ? AND channel = ? ORDER BY run_at LIMIT ?) AS q", string(state), channel, mostCounted).Scan(&q).Error
	return q, db.Unavailable(err)
}
