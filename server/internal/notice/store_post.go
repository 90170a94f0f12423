package notice

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type robotRow struct {
	AllianceID id.ID `gorm:"primaryKey;autoIncrement:false"`
	KeyEnc     []byte
	SetBy      id.ID
	SetAt      db.Time
}

func (robotRow) TableName() string { return "alliance_robots" }

// robot gives the sealed key of an alliance's robot, nil when it has none.
func (s store) robot(ctx context.Context, alliance id.ID) (sealed []byte, by id.ID, at time.Time, err error) {
	var rows []robotRow
	err = s.db.Conn(ctx).Where("alliance_id = ?", alliance).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, 0, time.Time{}, db.Unavailable(err)
	}
	return rows[0].KeyEnc, rows[0].SetBy, rows[0].SetAt.Time, nil
}

func (s store) setRobot(ctx context.Context, alliance id.ID, sealed []byte, by id.ID, now time.Time) error {
	if len(sealed) == 0 {
		return db.Unavailable(s.db.Conn(ctx).Where("alliance_id = ?", alliance).Delete(&robotRow{}).Error)
	}
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "alliance_id"}}, UpdateAll: true}).
		Create(&robotRow{AllianceID: alliance, KeyEnc: sealed, SetBy: by, SetAt: db.At(now)}).Error)
}

type postRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	NoticeID  id.ID
	Template  string
	Round     int
	State     string
	Code      string
	CreatedAt db.Time
	UpdatedAt db.Time
}

func (postRow) TableName() string { return "notice_posts" }

func (r postRow) post() Post {
	return Post{ID: r.ID, Notice: r.NoticeID, Template: r.Template, Round: r.Round, State: DeliveryState(r.State), Code: r.Code, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time}
}

func (s store) insertPost(ctx context.Context, p Post, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&postRow{ID: p.ID, NoticeID: p.Notice, Template: p.Template, Round: p.Round,
		State: string(p.State), CreatedAt: db.At(now), UpdatedAt: db.At(now)}).Error)
}

func (s store) post(ctx context.Context, key id.ID) (Post, error) {
	var r postRow
	err := s.db.Conn(ctx).Where("id = ?", key).Take(&r).Error
	return r.post(), db.NotFound(err)
}

func (s store) posts(ctx context.Context, notice id.ID) ([]Post, error) {
	var rows []postRow
	err := s.db.Conn(ctx).Where("notice_id = ?", notice).Order("id").Find(&rows).Error
	out := make([]Post, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.post())
	}
	return out, db.Unavailable(err)
}

func (s store) movePost(ctx context.Context, key id.ID, to DeliveryState, code string, now time.Time, from DeliveryState) (bool, error) {
	u := s.db.Conn(ctx).Model(&postRow{}).Where("id = ? AND state = ?", key, string(from)).
		Updates(map[string]any{"state": string(to), "code": code, "updated_at": db.At(now)})
	return u.RowsAffected == 1, db.Unavailable(u.Error)
}

func (s store) countRobots(ctx context.Context) (int, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&robotRow{}).Count(&n).Error
	return int(n), db.Unavailable(err)
}
