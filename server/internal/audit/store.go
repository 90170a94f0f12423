package audit

import (
	"context"

	"bense/server/internal/db"
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
}

func (row) TableName() string { return "audit_lines" }

// append joins the transaction of ctx, or opens one of its own for a mere look.
func (l *Log) append(ctx context.Context, r row) error {
	return l.db.Tx(ctx, func(ctx context.Context) error { return l.db.Conn(ctx).Create(&r).Error })
}

// Count tells how many lines a subject has; tests of other packages use it.
func (l *Log) Count(ctx context.Context, action string, subject id.ID) (int64, error) {
	var n int64
	err := l.db.Conn(ctx).Model(&row{}).Where("action = ? AND subject_id = ?", action, subject).Count(&n).Error
	return n, err
}
