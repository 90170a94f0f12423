package notice

import (
	"context"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/wechat"
)

type cardRow struct {
	ID           id.ID `gorm:"primaryKey;autoIncrement:false"`
	NoticeID     id.ID
	GroupID      *id.ID
	WxActivityID string
	State        int
	ShownCount   int
	ShownLimit   int
	CreatedBy    id.ID
	CreatedAt    db.Time
	ExpiresAt    db.Time
	SharedAt     *db.Time
	UpdatedAt    db.Time
}

func (cardRow) TableName() string { return "notice_cards" }

func (r cardRow) card() Card {
	c := Card{
		ID: r.ID, Notice: r.NoticeID, ActivityID: r.WxActivityID, State: r.State, Count: r.ShownCount, Limit: r.ShownLimit,
		CreatedAt: r.CreatedAt.Time, ExpiresAt: r.ExpiresAt.Time, SharedAt: r.SharedAt.Std(), UpdatedAt: r.UpdatedAt.Time,
	}
	if r.GroupID != nil {
		c.Group = *r.GroupID
	}
	return c
}

func (s store) insertCard(ctx context.Context, c Card, by id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&cardRow{
		ID: c.ID, NoticeID: c.Notice, WxActivityID: c.ActivityID, State: c.State, ShownCount: c.Count, ShownLimit: c.Limit,
		CreatedBy: by, CreatedAt: db.At(c.CreatedAt), ExpiresAt: db.At(c.ExpiresAt), UpdatedAt: db.At(c.UpdatedAt),
	}).Error)
}

func (s store) card(ctx context.Context, key id.ID) (Card, error) {
	var r cardRow
	err := s.db.Conn(ctx).Where("id = ?", key).Take(&r).Error
	return r.card(), db.NotFound(err)
}

// cards gives all cards of a notice, the newest last.
func (s store) cards(ctx context.Context, notice id.ID) ([]Card, error) {
	var rows []cardRow
	err := s.db.Conn(ctx).Where("notice_id = ?", notice).Order("id").Find(&rows).Error
	out := make([]Card, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.card())
	}
	return out, db.Unavailable(err)
}

func (s store) shareCard(ctx context.Context, key id.ID, at time.Time) (bool, error) {
	u := s.db.Conn(ctx).Model(&cardRow{}).Where("id = ? AND shared_at IS NULL", key).Updates(map[string]any{"shared_at": db.At(at)})
	return u.RowsAffected == 1, db.Unavailable(u.Error)
}

func (s store) closeCard(ctx context.Context, key id.ID, at time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&cardRow{}).Where("id = ? AND state <> ?", key, wechat.CardClosed).
		Updates(map[string]any{"state": wechat.CardClosed, "updated_at": db.At(at)}).Error)
}

func (s store) showCard(ctx context.Context, key id.ID, count, limit int, at time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&cardRow{}).Where("id = ?", key).
		Updates(map[string]any{"shown_count": count, "shown_limit": limit, "updated_at": db.At(at)}).Error)
}
