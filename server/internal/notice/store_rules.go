package notice

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type rulesRow struct {
	CommitteeID           id.ID `gorm:"primaryKey;autoIncrement:false"`
	QuietFrom, QuietUntil int
	RemindDay             bool
	RemindHours           bool
	Channels              string
	UpdatedBy             id.ID
	UpdatedAt             db.Time
}

func (rulesRow) TableName() string { return "notice_rules" }

// rules gives those of a committee, the default ones if it has set none.
func (s store) rules(ctx context.Context, committee id.ID) (Rules, error) {
	var rows []rulesRow
	err := s.db.Conn(ctx).Where("committee_id = ?", committee).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return defaultRules, db.Unavailable(err)
	}
	r := rows[0]
	return Rules{QuietFrom: r.QuietFrom, QuietUntil: r.QuietUntil, RemindDay: r.RemindDay, RemindHours: r.RemindHours,
		Channels: Order(r.Channels)}, nil
}

func (s store) setRules(ctx context.Context, committee id.ID, r Rules, by id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "committee_id"}}, UpdateAll: true}).
		Create(&rulesRow{
			CommitteeID: committee, QuietFrom: r.QuietFrom, QuietUntil: r.QuietUntil, RemindDay: r.RemindDay, RemindHours: r.RemindHours,
			Channels: string(r.Channels), UpdatedBy: by, UpdatedAt: db.At(now),
		}).Error)
}
