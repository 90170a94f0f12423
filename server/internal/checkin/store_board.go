package checkin

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// boardRow counts how often the links of a list's big screens were taken back; no row: never.
type boardRow struct {
	ListID     id.ID `gorm:"primaryKey;autoIncrement:false"`
	Generation int
}

func (boardRow) TableName() string { return "checkin_boards" }

// generation is that of the links which count.
func (s store) generation(ctx context.Context, list id.ID) (int, error) {
	var r boardRow
	err := db.NotFound(s.db.Conn(ctx).Where("list_id = ?", list).Take(&r).Error)
	if errors.Is(err, errs.ErrNotFound) {
		return 0, nil
	}
	return r.Generation, err
}

// nextGeneration makes all links of a list worthless.
func (s store) nextGeneration(ctx context.Context, list id.ID) error {
	q := s.db.Conn(ctx).Model(&boardRow{}).Where("list_id = ?", list).Update("generation", gorm.Expr("generation + 1"))
	if q.Error != nil || q.RowsAffected > 0 {
		return db.Unavailable(q.Error)
	}
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&boardRow{ListID: list, Generation: 1}).Error)
}
