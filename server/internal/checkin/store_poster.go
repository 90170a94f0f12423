package checkin

import (
	"context"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type posterRow struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	ListID     id.ID
	Code       string
	IssuedBy   id.ID
	IssuedAt   db.Time
	ValidFrom  *db.Time
	ValidUntil *db.Time
	RevokedAt  *db.Time
	RevokedBy  *id.ID
}

func (posterRow) TableName() string { return "checkin_posters" }

func (r posterRow) poster() Poster {
	return Poster{ID: r.ID, List: r.ListID, Code: r.Code, IssuedBy: r.IssuedBy, Issued: r.IssuedAt.Time,
		From: r.ValidFrom.Std(), Until: r.ValidUntil.Std(), Revoked: r.RevokedAt.Std()}
}

func orNull(t time.Time) *db.Time {
	if t.IsZero() {
		return nil
	}
	v := db.At(t)
	return &v
}

func (s store) insertPoster(ctx context.Context, p Poster) error {
	r := posterRow{ID: p.ID, ListID: p.List, Code: p.Code, IssuedBy: p.IssuedBy, IssuedAt: db.At(p.Issued), ValidFrom: orNull(p.From), ValidUntil: orNull(p.Until)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

func (s store) poster(ctx context.Context, posterID id.ID) (Poster, error) {
	var r posterRow
	err := s.db.Conn(ctx).Where("id = ?", posterID).Take(&r).Error
	return r.poster(), db.NotFound(err)
}

// posterOf finds a poster by its secret number, letter by letter: a database may take a for A.
func (s store) posterOf(ctx context.Context, code string) (Poster, bool, error) {
	var rows []posterRow
	if err := s.db.Conn(ctx).Where("code = ?", code).Find(&rows).Error; err != nil {
		return Poster{}, false, db.Unavailable(err)
	}
	for _, r := range rows {
		if r.Code == code {
			return r.poster(), true, nil
		}
	}
	return Poster{}, false, nil
}

// posters gives the valid posters of a list, the latest first.
func (s store) posters(ctx context.Context, list id.ID) ([]Poster, error) {
	var rows []posterRow
	if err := s.db.Conn(ctx).Where("list_id = ? AND revoked_at IS NULL", list).Order("id DESC").Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Poster, len(rows))
	for i, r := range rows {
		out[i] = r.poster()
	}
	return out, nil
}

func (s store) revokePoster(ctx context.Context, posterID, by id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&posterRow{}).Where("id = ? AND revoked_at IS NULL", posterID).
		Updates(map[string]any{"revoked_at": db.At(now), "revoked_by": by}).Error)
}

// clearFlag takes a flag off a record; other flags stay.
func (s store) clearFlag(ctx context.Context, list, person id.ID, f Flag) (bool, error) {
	res := s.db.Conn(ctx).Model(&recordRow{}).Where("list_id = ? AND person_id = ? AND flag = ?", list, person, string(f)).Update("flag", "")
	return res.RowsAffected > 0, db.Unavailable(res.Error)
}
