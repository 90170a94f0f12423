package notice

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

// elsewhere: the message has gone on as a text to its person, which has arrived or still may.
const elsewhere = "d.state = 'failed' AND EXISTS (SELECT 1 FROM notice_deliveries AS o WHERE o.notice_id = d.notice_id AND o.account_id = d.person_id " +
	"AND o.template = d.template AND o.round = d.round AND o.id <> d.id AND o.state IN ?)"

// goneOn gives those of the messages that have gone on elsewhere.
func (s store) goneOn(ctx context.Context, keys []id.ID) ([]id.ID, error) {
	var out []id.ID
	err := s.db.Conn(ctx).Table("notice_deliveries AS d").Where("d.id IN ? AND "+elsewhere, keys, hopeful).Order("d.id").Pluck("d.id", &out).Error
	return out, db.Unavailable(err)
}

// failing are the messages that wait for somebody's decision, of notices that still run, within a scope.
func (s store) failing(ctx context.Context, scope actor.Scope, states []string) *gorm.DB {
	q := s.db.Conn(ctx).Table("notice_deliveries AS d").
		Joins("JOIN notices AS n ON n.id = d.notice_id").
		Joins("JOIN notice_recipients AS r ON r.notice_id = d.notice_id AND r.person_id = d.person_id").
		Where("d.state IN ? AND n.state = ? AND r.stopped_at IS NULL", states, string(Published)).
		Where("NOT ("+elsewhere+")", hopeful)
	return db.Within(q, scope, db.Columns{Committee: "n.committee_id", Alliance: "n.alliance_id", Unit: "r.unit_id", Person: "r.person_id"})
}

func (s store) failed(ctx context.Context, scope actor.Scope, states []string, f FailedFilter) ([]FailedMessage, error) {
	q := s.failing(ctx, scope, states)
	if f.Notice != 0 {
		q = q.Where("d.notice_id = ?", f.Notice)
	}
	if f.After != 0 {
		q = q.Where("d.id < ?", f.After)
	}
	var rows []struct {
		Row   deliveryRow `gorm:"embedded"`
		Title string
	}
	err := q.Select("d.*, n.title").Order("d.id DESC").Limit(f.Limit).Find(&rows).Error
	out := make([]FailedMessage, 0, len(rows))
	for _, r := range rows {
		out = append(out, FailedMessage{Delivery: r.Row.delivery(), Title: r.Title, At: r.Row.UpdatedAt.Time, Resent: r.Row.Resent})
	}
	return out, db.Unavailable(err)
}

func (s store) countFailed(ctx context.Context, scope actor.Scope) (FailedCounts, error) {
	var list []struct {
		State string
		N     int
	}
	err := s.failing(ctx, scope, []string{string(Failed), string(Uncertain)}).Select("d.state, COUNT(*) AS n").Group("d.state").Scan(&list).Error
	var c FailedCounts
	for _, l := range list {
		if l.State == string(Failed) {
			c.Failed = l.N
		} else {
			c.Unknown = l.N
		}
	}
	return c, db.Unavailable(err)
}

// requeue puts locked deliveries back to the beginning and counts that.
func (s store) requeue(ctx context.Context, keys []id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&deliveryRow{}).Where("id IN ?", keys).Updates(map[string]any{
		"state": string(Queued), "code": "", "updated_at": db.At(now), "resent": clause.Expr{SQL: "resent + 1"},
	}).Error)
}
