package notice

import (
	"context"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type moveRow struct {
	NoticeID     id.ID `gorm:"primaryKey;autoIncrement:false"`
	ID           id.ID `gorm:"primaryKey;autoIncrement:false"`
	StartsBefore db.Time
	EndsBefore   db.Time
	PlaceBefore  string
	StartsAfter  db.Time
	EndsAfter    db.Time
	PlaceAfter   string
	Told         int
	MovedBy      id.ID
	CreatedAt    db.Time
}

func (moveRow) TableName() string { return "notice_moves" }

func (s store) insertMove(ctx context.Context, m Move) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&moveRow{
		NoticeID: m.Notice, ID: m.ID, StartsBefore: db.At(m.Before.StartsAt), EndsBefore: db.At(m.Before.EndsAt), PlaceBefore: m.Before.Place,
		StartsAfter: db.At(m.After.StartsAt), EndsAfter: db.At(m.After.EndsAt), PlaceAfter: m.After.Place, Told: m.Told, MovedBy: m.By, CreatedAt: db.At(m.At),
	}).Error)
}

// moves gives the moves by notice, the oldest first.
func (s store) moves(ctx context.Context, notices []id.ID) (map[id.ID][]Move, error) {
	out := map[id.ID][]Move{}
	if len(notices) == 0 {
		return out, nil
	}
	var rows []moveRow
	err := s.db.Conn(ctx).Where("notice_id IN ?", notices).Order("notice_id, id").Find(&rows).Error
	for _, r := range rows {
		out[r.NoticeID] = append(out[r.NoticeID], Move{
			ID: r.ID, Notice: r.NoticeID, Before: Spot{r.StartsBefore.Time, r.EndsBefore.Time, r.PlaceBefore},
			After: Spot{r.StartsAfter.Time, r.EndsAfter.Time, r.PlaceAfter}, Told: r.Told, By: r.MovedBy, At: r.CreatedAt.Time,
		})
	}
	return out, db.Unavailable(err)
}
