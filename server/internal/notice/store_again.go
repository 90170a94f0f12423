package notice

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

// knewBefore counts those who knew before a moment, which it takes five times. The history of calls is
// asked, too: a later call without success takes the person's own mark away.
const knewBefore = "COUNT(CASE WHEN r.knew_at < ? OR r.read_at < ? OR r.answered_at < ? OR r.told_at < ? OR EXISTS (" +
	"SELECT 1 FROM notice_calls AS c WHERE c.notice_id = r.notice_id AND c.person_id = r.person_id AND c.outcome = 'told' AND c.created_at < ?" +
	") THEN 1 END) AS known"

// stoodAt narrows to those who were still in the ledger at a moment.
const stoodAt = "(r.stopped_at IS NULL OR r.stopped_at >= ?)"

// byEve counts the people of a notice and those who knew before a moment.
func (s store) byEve(ctx context.Context, notice id.ID, scope actor.Scope, before time.Time) (Eve, error) {
	var e Eve
	at := db.At(before)
	err := s.peopleOf(ctx, notice, scope).Where(stoodAt, at).Select("COUNT(*) AS due, "+knewBefore, at, at, at, at, at).Scan(&e).Error
	return e, db.Unavailable(err)
}

// byEves does so for several notices, by alliance.
func (s store) byEves(ctx context.Context, notices []id.ID, scope actor.Scope, before time.Time) ([]AllianceEves, error) {
	var rows []struct {
		AllianceID          id.ID
		Notices, Due, Known int
	}
	at := db.At(before)
	q := s.db.Conn(ctx).Table("notice_recipients AS r").Joins("JOIN notices AS n ON n.id = r.notice_id").Where("r.notice_id IN ?", notices).Where(stoodAt, at)
	err := db.Within(q, scope, db.Columns{Committee: "n.committee_id", Alliance: "n.alliance_id", Unit: "r.unit_id", Person: "r.person_id"}).
		Select("n.alliance_id, COUNT(DISTINCT n.id) AS notices, COUNT(*) AS due, "+knewBefore, at, at, at, at, at).Group("n.alliance_id").Scan(&rows).Error
	out := make([]AllianceEves, 0, len(rows))
	for _, r := range rows {
		out = append(out, AllianceEves{Alliance: r.AllianceID, Notices: r.Notices, Eve: Eve{Due: r.Due, Known: r.Known}})
	}
	return out, db.Unavailable(err)
}

// aboutActivities gives the notices published since a time about something that people come to; what followed
// one of them addresses the same people again.
func (s store) aboutActivities(ctx context.Context, scope actor.Scope, since time.Time) ([]Notice, error) {
	var rows []noticeRow
	q := db.Within(s.db.Conn(ctx), scope, noticePlace)
	err := q.Where("published_at >= ? AND activity_id IS NOT NULL AND follows_id IS NULL AND state IN ?", db.At(since), []string{string(Published), string(Closed)}).
		Order("id").Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}
