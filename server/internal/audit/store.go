package audit

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

type row struct {
	ID          id.ID `gorm:"primaryKey;autoIncrement:false"`
	At          db.Time
	AccountID   id.ID
	Action      string
	SubjectKind string
	SubjectID   id.ID
	CommitteeID *id.ID
	AllianceID  *id.ID
	UnitID      *id.ID
	DetailEnc   []byte
	RequestID   string
	MAC         []byte `gorm:"column:mac"` // NULL in lines older than the chain
}

func (row) TableName() string { return "audit_lines" }

// append joins the transaction of ctx, or opens one of its own for a mere look.
func (l *Log) append(ctx context.Context, rows []row) error {
	return l.db.Tx(ctx, func(ctx context.Context) error { return l.db.Conn(ctx).CreateInBatches(rows, 100).Error })
}

// Count tells how many lines a subject has; tests of other packages use it.
func (l *Log) Count(ctx context.Context, action string, subject id.ID) (int64, error) {
	var n int64
	err := l.db.Conn(ctx).Model(&row{}).Where("action = ? AND subject_id = ?", action, subject).Count(&n).Error
	return n, err
}

// search gives lines of a scope, the newest first, if asked with those that have no place. Ids rise with
// time, so that they bound it.
func (l *Log) search(ctx context.Context, scope actor.Scope, f Filter, strays bool, limit int) ([]row, error) {
	columns := db.Columns{Committee: "committee_id", Alliance: "alliance_id", Unit: "unit_id"}
	q := l.db.Conn(ctx).Model(&row{})
	if strays {
		q = q.Where(db.Within(l.db.Conn(ctx), scope, columns).Or("committee_id IS NULL AND alliance_id IS NULL AND unit_id IS NULL"))
	} else {
		q = db.Within(q, scope, columns)
	}
	switch {
	case f.Alliance != 0:
		q = q.Where("alliance_id = ?", f.Alliance)
	case f.Committee != 0 && strays:
		q = q.Where("(committee_id = ? OR committee_id IS NULL)", f.Committee)
	case f.Committee != 0:
		q = q.Where("committee_id = ?", f.Committee)
	}
	if f.Subject != 0 {
		q = q.Where("subject_kind = ? AND subject_id = ?", f.Kind, f.Subject)
	} else if f.Kind != "" {
		q = q.Where("subject_kind = ?", f.Kind)
	}
	if f.Account != 0 {
		q = q.Where("account_id = ?", f.Account)
	}
	if f.Action != "" {
		q = q.Where("action = ?", f.Action)
	}
	if !f.From.IsZero() {
		q = q.Where("id >= ?", id.First(f.From))
	}
	if !f.Until.IsZero() {
		q = q.Where("id < ?", id.First(f.Until))
	}
	if f.Page.After != "" {
		after, err := id.Parse(f.Page.After)
		if err != nil {
			return nil, errs.ErrNotFound
		}
		q = q.Where("id < ?", after)
	}
	var rows []row
	err := q.Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, db.Unavailable(err)
}
