package activity

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

type store struct {
	db  *db.DB
	box *crypt.Box
}

type activityRow struct {
	ID           id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID  id.ID
	AllianceID   id.ID
	HostUnitID   *id.ID
	Kind         string
	Title        string
	Place        string
	StartsAt     db.Time
	EndsAt       db.Time
	Capacity     int
	AnswerUntil  *db.Time
	Companions   int
	Lift         int
	State        string
	CancelReason string
	CreatedBy    id.ID
	CreatedAt    db.Time
	UpdatedAt    db.Time
}

func (activityRow) TableName() string { return "activities" }

func (r activityRow) activity() Activity {
	a := Activity{
		ID: r.ID, Committee: r.CommitteeID, Alliance: r.AllianceID, Kind: Kind(r.Kind), Title: r.Title, Place: r.Place,
		StartsAt: r.StartsAt.Time, EndsAt: r.EndsAt.Time, Cancelled: r.State == string(Cancelled), CancelReason: r.CancelReason,
		Places:    Places{Capacity: r.Capacity, AnswerUntil: r.AnswerUntil.Std(), Companions: r.Companions, Lift: r.Lift != 0},
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
	if r.HostUnitID != nil {
		a.HostUnit = *r.HostUnitID
	}
	return a
}

func rowOf(a Activity) activityRow {
	r := activityRow{
		ID: a.ID, CommitteeID: a.Committee, AllianceID: a.Alliance, Kind: string(a.Kind), Title: a.Title, Place: a.Place,
		StartsAt: db.At(a.StartsAt), EndsAt: db.At(a.EndsAt), State: string(Planned), CancelReason: a.CancelReason,
		CreatedBy: a.CreatedBy, CreatedAt: db.At(a.CreatedAt), UpdatedAt: db.At(a.UpdatedAt),
	}
	if a.HostUnit != 0 {
		r.HostUnitID = &a.HostUnit
	}
	if a.Cancelled {
		r.State = string(Cancelled)
	}
	return r
}

var columns = db.Columns{Committee: "committee_id", Alliance: "alliance_id"}

func (s store) insert(ctx context.Context, a Activity) error {
	r := rowOf(a)
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// update writes what Changed and Cancel may change.
func (s store) update(ctx context.Context, a Activity) error {
	r := rowOf(a)
	return db.Unavailable(s.db.Conn(ctx).Model(&activityRow{}).Where("id = ?", a.ID).Updates(map[string]any{
		"host_unit_id": r.HostUnitID, "kind": r.Kind, "title": r.Title, "place": r.Place, "starts_at": r.StartsAt,
		"ends_at": r.EndsAt, "answer_until": db.AtPtr(a.Places.AnswerUntil), "state": r.State, "cancel_reason": r.CancelReason, "updated_at": r.UpdatedAt,
	}).Error)
}

func (s store) byID(ctx context.Context, scope actor.Scope, activityID id.ID) (Activity, error) {
	var r activityRow
	err := db.Within(s.db.Conn(ctx), scope, columns).Where("id = ?", activityID).Take(&r).Error
	return r.activity(), db.NotFound(err)
}

// lock reads an activity so that no other transaction changes it before the end of this one: a change
// that had read it before would else undo a cancellation.
func (s store) lock(ctx context.Context, activityID id.ID) (Activity, error) {
	var r activityRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", activityID).Take(&r).Error
	return r.activity(), db.NotFound(err)
}

func (s store) byIDs(ctx context.Context, ids []id.ID) ([]Activity, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []activityRow
	err := s.db.Conn(ctx).Where("id IN ?", ids).Order("id").Find(&rows).Error
	return activities(rows), db.Unavailable(err)
}

func activities(rows []activityRow) []Activity {
	out := make([]Activity, len(rows))
	for i, r := range rows {
		out[i] = r.activity()
	}
	return out
}

// list gives what is planned soonest first, everything else latest first.
func (s store) list(ctx context.Context, scope actor.Scope, f Filter, now time.Time) ([]Activity, error) {
	q := db.Within(s.db.Conn(ctx), scope, columns)
	if f.Alliance != 0 {
		q = q.Where("alliance_id = ?", f.Alliance)
	}
	if f.Kind != "" {
		q = q.Where("kind = ?", string(f.Kind))
	}
	direction, after := "DESC", "(starts_at < ? OR (starts_at = ? AND id < ?))"
	switch f.State {
	case Planned:
		q = q.Where("state = ? AND ends_at >= ?", string(Planned), db.At(now))
		direction, after = "ASC", "(starts_at > ? OR (starts_at = ? AND id > ?))"
	case Ended:
		q = q.Where("state = ? AND ends_at < ?", string(Planned), db.At(now))
	case Cancelled:
		q = q.Where("state = ?", string(Cancelled))
	}
	if f.Page.After != "" {
		at, last, err := readCursor(f.Page.After)
		if err != nil {
			return nil, err
		}
		q = q.Where(after, db.At(at), db.At(at), last)
	}
	var rows []activityRow
	err := q.Order("starts_at " + direction + ", id " + direction).Limit(f.Page.Size() + 1).Find(&rows).Error
	return activities(rows), db.Unavailable(err)
}

func cursor(a Activity) string { return fmt.Sprintf("%d-%s", a.StartsAt.UnixMilli(), a.ID) }

func readCursor(text string) (time.Time, id.ID, error) {
	bad := errs.ErrInvalid.With(errs.Field("after", "翻页参数不对，请从头再看"))
	ms, rest, ok := strings.Cut(text, "-")
	if !ok {
		return time.Time{}, 0, bad
	}
	n, err := strconv.ParseInt(ms, 10, 64)
	last, err2 := id.Parse(rest)
	if err != nil || err2 != nil {
		return time.Time{}, 0, bad
	}
	return time.UnixMilli(n).UTC(), last, nil
}

// Filter narrows a list of activities.
type Filter struct {
	Alliance id.ID
	State    State // "": all
	Kind     Kind  // "": all
	Page     page.Page
}

// ahead gives what lies ahead, or is still running, among the activities that expect a person.
func (s store) ahead(ctx context.Context, person id.ID, now time.Time) ([]id.ID, error) {
	var ids []id.ID
	err := s.db.Conn(ctx).Table("activity_expected AS e").Joins("JOIN activities AS a ON a.id = e.activity_id").
		Where("e.person_id = ? AND a.ends_at >= ?", person, db.At(now)).Order("a.id").Pluck("a.id", &ids).Error
	return ids, db.Unavailable(err)
}

// existing leaves rows alone that are there already.
var existing = clause.OnConflict{DoNothing: true}

// isExpected narrows a query on activity_expected to some persons of one activity.
func isExpected(q *gorm.DB, activityID id.ID, persons []id.ID) *gorm.DB {
	return q.Where("activity_id = ? AND person_id IN ?", activityID, persons)
}
