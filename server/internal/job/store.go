package job

import (
	"context"
	"errors"
	"time"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

type store struct {
	db  *db.DB
	box *crypt.Box
}

// jobRow is a job. Claim is unique while it runs and NULL afterwards.
type jobRow struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	Kind       string
	SubjectID  id.ID
	AccountID  id.ID
	Claim      *string
	State      State
	DoneCount  int
	TotalCount int
	Message    string
	ResultEnc  []byte
	LeaseUntil db.Time
	CreatedAt  db.Time
	EndedAt    *db.Time
}

func (jobRow) TableName() string { return "jobs" }

const (
	sealResult = "jobs.result"
	sealPart   = "parcels.data"
	maxMessage = 300 // characters
)

func (s store) job(r jobRow, now time.Time) (Job, error) {
	j := Job{ID: r.ID, Kind: r.Kind, Subject: r.SubjectID, Account: r.AccountID, State: r.State, Done: r.DoneCount,
		Total: r.TotalCount, Message: r.Message, CreatedAt: r.CreatedAt.Time, EndedAt: r.EndedAt.Std()}
	var err error
	if j.Result, err = s.box.Open(r.ResultEnc, sealResult); err != nil {
		return Job{}, err
	}
	return j.seen(r.LeaseUntil.Time, now), nil
}

// insert takes the claim; one whose holder was killed is free.
func (s store) insert(ctx context.Context, j Job, now, leaseUntil time.Time) error {
	claim := j.Kind + ":" + j.Subject.String()
	err := s.db.Conn(ctx).Model(&jobRow{}).Where("claim = ? AND lease_until < ?", claim, db.At(now)).
		Updates(map[string]any{"claim": nil, "state": Interrupted, "ended_at": db.At(now)}).Error
	if err != nil {
		return db.Unavailable(err)
	}
	err = s.db.Conn(ctx).Create(&jobRow{ID: j.ID, Kind: j.Kind, SubjectID: j.Subject, AccountID: j.Account, Claim: &claim,
		State: j.State, Message: j.Message, LeaseUntil: db.At(leaseUntil), CreatedAt: db.At(j.CreatedAt)}).Error
	if db.IsDuplicate(err) {
		return ErrRunning
	}
	return db.Unavailable(err)
}

func (s store) renew(ctx context.Context, jobID id.ID, done, total int, message string, leaseUntil time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&jobRow{}).Where("id = ? AND state = ?", jobID, Running).
		Updates(map[string]any{"done_count": done, "total_count": total, "message": clip(message), "lease_until": db.At(leaseUntil)}).Error)
}

func (s store) end(ctx context.Context, j Job) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&jobRow{}).Where("id = ? AND state = ?", j.ID, Running).
		Updates(map[string]any{"state": j.State, "done_count": j.Done, "total_count": j.Total, "message": clip(j.Message),
			"result_enc": s.box.Seal(j.Result, sealResult), "claim": nil, "ended_at": db.At(j.EndedAt)}).Error)
}

func clip(message string) string {
	if r := []rune(message); len(r) > maxMessage {
		return string(r[:maxMessage])
	}
	return message
}

func (s store) byID(ctx context.Context, account, jobID id.ID, now time.Time) (Job, error) {
	var r jobRow
	if err := s.db.Conn(ctx).Where("id = ? AND account_id = ?", jobID, account).Take(&r).Error; err != nil {
		return Job{}, db.NotFound(err)
	}
	return s.job(r, now)
}

func (s store) last(ctx context.Context, subject id.ID, now time.Time) (Job, error) {
	var r jobRow
	if err := s.db.Conn(ctx).Where("subject_id = ?", subject).Order("id DESC").Limit(1).Take(&r).Error; err != nil {
		return Job{}, db.NotFound(err)
	}
	return s.job(r, now)
}

func (s store) of(ctx context.Context, account id.ID, now time.Time, limit int) ([]Job, error) {
	var rows []jobRow
	if err := s.db.Conn(ctx).Where("account_id = ?", account).Order("id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Job, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = s.job(r, now); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s store) prune(ctx context.Context, before time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Where("created_at < ?", db.At(before)).Delete(&jobRow{}).Error)
}

// partRow is a part of what a job works on or made.
type partRow struct {
	OwnerID   id.ID  `gorm:"primaryKey;autoIncrement:false"`
	Kind      string `gorm:"primaryKey"`
	Part      int    `gorm:"primaryKey;autoIncrement:false"`
	DataEnc   []byte
	CreatedAt db.Time
}

func (partRow) TableName() string { return "parcels" }

func (s store) putPart(ctx context.Context, owner id.ID, kind string, part int, data []byte, now db.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&partRow{OwnerID: owner, Kind: kind, Part: part,
		DataEnc: s.box.Seal(data, sealPart+"."+kind), CreatedAt: now}).Error)
}

func (s store) part(ctx context.Context, owner id.ID, kind string, part int) ([]byte, error) {
	var r partRow
	err := s.db.Conn(ctx).Where("owner_id = ? AND kind = ? AND part = ?", owner, kind, part).Take(&r).Error
	if err != nil {
		return nil, db.NotFound(err)
	}
	return s.box.Open(r.DataEnc, sealPart+"."+kind)
}

func (s store) dropParts(ctx context.Context, owner id.ID, kind string) error {
	q := s.db.Conn(ctx).Where("owner_id = ?", owner)
	if kind != "" {
		q = q.Where("kind = ?", kind)
	}
	return db.Unavailable(q.Delete(&partRow{}).Error)
}

func (s store) pruneParts(ctx context.Context, kind string, before time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Where("kind = ? AND created_at < ?", kind, db.At(before)).Delete(&partRow{}).Error)
}

func isNone(err error) bool { return errors.Is(err, errs.ErrNotFound) }
