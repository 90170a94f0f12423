package notice

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/wechat"
)

const photoContext = "notice_pictures.data"

type photoRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	NoticeID  id.ID
	Width     int
	Height    int
	Size      int
	DataEnc   []byte
	State     PhotoState
	CreatedBy id.ID
	CreatedAt db.Time
	DecidedBy *id.ID
	DecidedAt *db.Time
}

func (photoRow) TableName() string { return "notice_pictures" }

func (r photoRow) photo() Photo {
	return Photo{ID: r.ID, Notice: r.NoticeID, Width: r.Width, Height: r.Height, Size: r.Size, State: r.State, By: r.CreatedBy, CreatedAt: r.CreatedAt.Time}
}

func (s store) insertPhoto(ctx context.Context, box *crypt.Box, p Photo, data []byte) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&photoRow{ID: p.ID, NoticeID: p.Notice, Width: p.Width, Height: p.Height, Size: p.Size,
		DataEnc: box.Seal(data, photoContext), State: p.State, CreatedBy: p.By, CreatedAt: db.At(p.CreatedAt)}).Error)
}

// photos gives the pictures of notices, the first one added first.
func (s store) photos(ctx context.Context, notices []id.ID) (map[id.ID][]Photo, error) {
	out := map[id.ID][]Photo{}
	if len(notices) == 0 {
		return out, nil
	}
	var rows []photoRow
	err := s.db.Conn(ctx).Omit("data_enc").Where("notice_id IN ?", notices).Order("notice_id, id").Find(&rows).Error
	for _, r := range rows {
		out[r.NoticeID] = append(out[r.NoticeID], r.photo())
	}
	return out, db.Unavailable(err)
}

// photo gives one with its bytes, or ErrNoPhoto.
func (s store) photo(ctx context.Context, box *crypt.Box, key id.ID) (Photo, []byte, error) {
	var rows []photoRow
	if err := s.db.Conn(ctx).Where("id = ?", key).Find(&rows).Error; err != nil {
		return Photo{}, nil, db.Unavailable(err)
	}
	if len(rows) == 0 {
		return Photo{}, nil, ErrNoPhoto
	}
	data, err := box.Open(rows[0].DataEnc, photoContext)
	return rows[0].photo(), data, err
}

func (s store) deletePhoto(ctx context.Context, notice, key id.ID) (bool, error) {
	d := s.db.Conn(ctx).Where("id = ? AND notice_id = ?", key, notice).Delete(&photoRow{})
	return d.RowsAffected == 1, db.Unavailable(d.Error)
}

// decidePhoto settles a picture in one of the given states, and tells whether it was in one.
func (s store) decidePhoto(ctx context.Context, key id.ID, to PhotoState, by id.ID, at time.Time, from ...PhotoState) (bool, error) {
	u := s.db.Conn(ctx).Model(&photoRow{}).Where("id = ? AND state IN ?", key, from).
		Updates(map[string]any{"state": to, "decided_by": nullable(by), "decided_at": db.At(at)})
	return u.RowsAffected == 1, db.Unavailable(u.Error)
}

// noticeOf gives the notice of a picture, 0 when it was taken off.
func (s store) noticeOf(ctx context.Context, photo id.ID) (id.ID, error) {
	var keys []id.ID
	err := s.db.Conn(ctx).Model(&photoRow{}).Where("id = ?", photo).Pluck("notice_id", &keys).Error
	if len(keys) == 0 {
		return 0, db.Unavailable(err)
	}
	return keys[0], nil
}

type photoCheckRow struct {
	Trace     string `gorm:"primaryKey"`
	PictureID *id.ID
	Verdict   string
	CreatedAt db.Time
}

func (photoCheckRow) TableName() string { return "picture_checks" }

// joinCheck notes what is known about a check — its picture, its verdict — beside what was known already, and
// gives both. WeChat's verdict may be here before the answer that names its check.
func (s store) joinCheck(ctx context.Context, trace string, photo id.ID, verdict wechat.Verdict, now time.Time) (id.ID, wechat.Verdict, error) {
	conn := s.db.Conn(ctx)
	err := conn.Clauses(clause.OnConflict{DoNothing: true}).Create(&photoCheckRow{Trace: trace, CreatedAt: db.At(now)}).Error
	if err != nil {
		return 0, "", db.Unavailable(err)
	}
	var r photoCheckRow
	if err := locked(conn).Where("trace = ?", trace).Take(&r).Error; err != nil {
		return 0, "", db.Unavailable(err)
	}
	if photo != 0 {
		r.PictureID = &photo
	}
	if verdict != "" && r.Verdict == "" {
		r.Verdict = string(verdict)
	}
	err = conn.Model(&photoCheckRow{}).Where("trace = ?", trace).Updates(map[string]any{"picture_id": r.PictureID, "verdict": r.Verdict}).Error
	return given(r.PictureID), wechat.Verdict(r.Verdict), db.Unavailable(err)
}

func (s store) pruneChecks(ctx context.Context, before time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Where("created_at < ?", db.At(before)).Delete(&photoCheckRow{}).Error)
}
