package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

const sealConfirmation = "confirmations.text"

type confirmationRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	AccountID id.ID
	SessionID id.ID
	Action    string
	SubjectID id.ID
	TextEnc   []byte // it may name a person
	Number    string
	State     string
	CreatedAt db.Time
	ExpiresAt db.Time
	DecidedAt *db.Time
}

func (confirmationRow) TableName() string { return "confirmations" }

// askedRow is a question with the desktop that asked it.
type askedRow struct {
	Confirmation confirmationRow `gorm:"embedded"`
	Browser      string
	Address      string
}

// confirmationText is what is sealed of a question.
type confirmationText struct{ About, Summary string }

func (s *store) insertConfirmation(ctx context.Context, c Confirmation) error {
	plain, err := json.Marshal(confirmationText{c.About, c.Summary})
	if err != nil {
		return fmt.Errorf("identity: confirmation: %w", err)
	}
	r := confirmationRow{ID: c.ID, AccountID: c.Account, SessionID: c.Session, Action: c.Action, SubjectID: c.Subject,
		TextEnc: s.box.Seal(plain, sealConfirmation), Number: c.Number, State: string(c.State),
		CreatedAt: db.At(c.CreatedAt), ExpiresAt: db.At(c.ExpiresAt)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

func (s *store) confirmations(ctx context.Context, account id.ID, where string, args ...any) ([]Confirmation, error) {
	var rows []askedRow
	err := s.db.Conn(ctx).Table("confirmations AS c").Select("c.*, s.browser, s.address").
		Joins("JOIN console_sessions AS s ON s.id = c.session_id").
		Where("c.account_id = ?", account).Where(where, args...).Order("c.id DESC").Scan(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Confirmation, 0, len(rows))
	for _, a := range rows {
		r := a.Confirmation
		plain, err := s.box.Open(r.TextEnc, sealConfirmation)
		if err != nil {
			return nil, fmt.Errorf("identity: confirmation: %w", err)
		}
		var t confirmationText
		if err := json.Unmarshal(plain, &t); err != nil {
			return nil, fmt.Errorf("identity: confirmation: %w", err)
		}
		c := Confirmation{ID: r.ID, Account: r.AccountID, Session: r.SessionID, Action: r.Action, Subject: r.SubjectID,
			Title: confirmTitles[r.Action], About: t.About, Summary: t.Summary, Device: Device{Browser: a.Browser, Address: a.Address},
			Number: r.Number, State: ConfirmState(r.State), CreatedAt: r.CreatedAt.Time, ExpiresAt: r.ExpiresAt.Time}
		if r.DecidedAt != nil {
			c.DecidedAt = r.DecidedAt.Time
		}
		out = append(out, c)
	}
	return out, nil
}

func (s *store) confirmation(ctx context.Context, account, confirmation id.ID) (Confirmation, error) {
	found, err := s.confirmations(ctx, account, "c.id = ?", confirmation)
	if err == nil && len(found) == 0 {
		err = errs.ErrNotFound
	}
	if err != nil {
		return Confirmation{}, err
	}
	return found[0], nil
}

// waiting gives the questions of sessions that go on.
func (s *store) waiting(ctx context.Context, account id.ID, now time.Time) ([]Confirmation, error) {
	return s.confirmations(ctx, account, "c.state = ? AND c.expires_at > ? AND s.ended_at IS NULL", string(ConfirmPending), db.At(now))
}

// answerConfirmation decides a question and reports whether it still waited.
func (s *store) answerConfirmation(ctx context.Context, confirmation id.ID, to ConfirmState, now time.Time) (bool, error) {
	res := s.db.Conn(ctx).Model(&confirmationRow{}).
		Where("id = ? AND state = ? AND expires_at > ?", confirmation, string(ConfirmPending), db.At(now)).
		Updates(map[string]any{"state": string(to), "decided_at": db.At(now)})
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}

// spend uses an approval up and reports whether it was there.
func (s *store) spend(ctx context.Context, confirmation id.ID) (bool, error) {
	res := s.db.Conn(ctx).Model(&confirmationRow{}).Where("id = ? AND state = ?", confirmation, string(ConfirmApproved)).
		Update("state", string(ConfirmSpent))
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}
