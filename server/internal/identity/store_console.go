package identity

import (
	"context"
	"time"

	"gorm.io/gorm"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type loginRow struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	TokenHash  []byte
	SecretHash []byte
	Number     string
	Browser    string
	Address    string
	State      string
	AccountID  *id.ID
	CreatedAt  db.Time
	ExpiresAt  db.Time
	DecidedAt  *db.Time
}

func (loginRow) TableName() string { return "console_logins" }

func (s *store) insertLogin(ctx context.Context, l ConsoleLogin, token, secret []byte) error {
	r := loginRow{ID: l.ID, TokenHash: token, SecretHash: secret, Number: l.Number, Browser: l.Device.Browser, Address: l.Device.Address,
		State: string(l.State), CreatedAt: db.At(l.CreatedAt), ExpiresAt: db.At(l.ExpiresAt)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

func (s *store) login(ctx context.Context, login id.ID) (ConsoleLogin, error) {
	return takeLogin(s.db.Conn(ctx).Where("id = ?", login))
}

func (s *store) loginByToken(ctx context.Context, token []byte) (ConsoleLogin, error) {
	return takeLogin(s.db.Conn(ctx).Where("token_hash = ?", token))
}

func takeLogin(q *gorm.DB) (ConsoleLogin, error) {
	var r loginRow
	if err := q.Take(&r).Error; err != nil {
		return ConsoleLogin{}, db.NotFound(err)
	}
	l := ConsoleLogin{ID: r.ID, Number: r.Number, Device: Device{Browser: r.Browser, Address: r.Address}, State: LoginState(r.State),
		Account: value(r.AccountID), CreatedAt: r.CreatedAt.Time, ExpiresAt: r.ExpiresAt.Time}
	if r.DecidedAt != nil {
		l.DecidedAt = r.DecidedAt.Time
	}
	return l, nil
}

func (s *store) loginSecret(ctx context.Context, login id.ID) ([]byte, error) {
	var r loginRow
	err := s.db.Conn(ctx).Select("secret_hash").Where("id = ?", login).Take(&r).Error
	return r.SecretHash, db.NotFound(err)
}

// moveLogin brings a sign-in of an account (zero: of nobody yet) from one state to the next and
// reports whether it stood there. An approval must be in time, its collection was judged before.
func (s *store) moveLogin(ctx context.Context, login, of id.ID, from, to LoginState, account id.ID, now time.Time) (bool, error) {
	q := s.db.Conn(ctx).Model(&loginRow{}).Where("id = ? AND state = ?", login, string(from))
	if of == 0 {
		q = q.Where("account_id IS NULL")
	} else {
		q = q.Where("account_id = ?", of)
	}
	if from != LoginApproved {
		q = q.Where("expires_at > ?", db.At(now))
	}
	set := map[string]any{"state": string(to), "account_id": account}
	if to != LoginScanned {
		set["decided_at"] = db.At(now)
	}
	res := q.Updates(set)
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}

type sessionRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	AccountID id.ID
	TokenHash []byte
	Browser   string
	Address   string
	CreatedAt db.Time
	SeenAt    db.Time
	ExpiresAt db.Time
	EndedAt   *db.Time
}

func (sessionRow) TableName() string { return "console_sessions" }

func (r sessionRow) session() ConsoleSession {
	return ConsoleSession{ID: r.ID, Account: r.AccountID, Device: Device{Browser: r.Browser, Address: r.Address},
		CreatedAt: r.CreatedAt.Time, SeenAt: r.SeenAt.Time, ExpiresAt: r.ExpiresAt.Time, Ended: r.EndedAt != nil}
}

func (s *store) insertSession(ctx context.Context, c ConsoleSession, token []byte) error {
	r := sessionRow{ID: c.ID, AccountID: c.Account, TokenHash: token, Browser: c.Device.Browser, Address: c.Device.Address,
		CreatedAt: db.At(c.CreatedAt), SeenAt: db.At(c.SeenAt), ExpiresAt: db.At(c.ExpiresAt)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

func (s *store) sessionByToken(ctx context.Context, token []byte) (ConsoleSession, error) {
	var r sessionRow
	if err := s.db.Conn(ctx).Where("token_hash = ?", token).Take(&r).Error; err != nil {
		return ConsoleSession{}, db.NotFound(err)
	}
	return r.session(), nil
}

// seen notes that a session is in use; it never runs back.
func (s *store) seen(ctx context.Context, session id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&sessionRow{}).Where("id = ? AND seen_at < ?", session, db.At(now)).
		Update("seen_at", db.At(now)).Error)
}

// sessionsOf gives an account's sessions that still work, newest first.
func (s *store) sessionsOf(ctx context.Context, account id.ID, now, idle time.Time) ([]ConsoleSession, error) {
	var rows []sessionRow
	err := working(s.db.Conn(ctx), account, now, idle).Order("id DESC").Find(&rows).Error
	out := make([]ConsoleSession, len(rows))
	for i, r := range rows {
		out[i] = r.session()
	}
	return out, db.Unavailable(err)
}

// endSessions ends one of the sessions of an account that still work, or all when only is zero, but
// never except.
func (s *store) endSessions(ctx context.Context, account, only, except id.ID, now, idle time.Time) (int64, error) {
	q := working(s.db.Conn(ctx).Model(&sessionRow{}), account, now, idle)
	if only != 0 {
		q = q.Where("id = ?", only)
	}
	if except != 0 {
		q = q.Where("id <> ?", except)
	}
	res := q.Update("ended_at", db.At(now))
	return res.RowsAffected, db.Unavailable(res.Error)
}

// working narrows to an account's sessions that are not ended, not past their end and seen since idle.
func working(q *gorm.DB, account id.ID, now, idle time.Time) *gorm.DB {
	return q.Where("account_id = ? AND ended_at IS NULL AND expires_at > ? AND seen_at > ?", account, db.At(now), db.At(idle))
}

// pruneConsole removes what was over before a time. A confirmation lives minutes, its session hours:
// none is left without its session.
func (s *store) pruneConsole(ctx context.Context, before time.Time) error {
	for _, r := range []any{&confirmationRow{}, &loginRow{}, &sessionRow{}} {
		if err := s.db.Conn(ctx).Where("expires_at < ?", db.At(before)).Delete(r).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}
