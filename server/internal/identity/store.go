package identity

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

// store is the only place with SQL; it seals personal columns on the way in and opens them on the
// way out.
type store struct {
	db  *db.DB
	box *crypt.Box
}

// Contexts bind sealed values to their columns; kinds name look-up hashes, "phone" as in the ledger.
const (
	sealSessionKey  = "accounts.session_key"
	sealAccountName = "accounts.name"
	sealPhone       = "accounts.phone"
	hashPhone       = "phone"
	hashCode        = "binding_code"
)

// inChunk bounds the values of one IN list: engines limit the parameters of a statement.
const inChunk = 1000

// profile is an account with what is known about its holder.
type profile struct {
	Account
	Name     string
	Phone    string
	Disabled bool
}

type accountRow struct {
	ID            id.ID  `gorm:"primaryKey;autoIncrement:false"`
	OpenID        string `gorm:"column:openid"`
	UnionID       string `gorm:"column:unionid"`
	SessionKeyEnc []byte
	NameEnc       []byte
	PhoneEnc      []byte
	PhoneHash     []byte
	CreatedAt     db.Time
	LastLoginAt   db.Time
	DisabledAt    *db.Time
}

func (accountRow) TableName() string { return "accounts" }

func (s *store) profileOf(r accountRow) (profile, error) {
	name, err := s.box.OpenString(r.NameEnc, sealAccountName)
	if err != nil {
		return profile{}, fmt.Errorf("identity: account name: %w", err)
	}
	phone, err := s.box.OpenString(r.PhoneEnc, sealPhone)
	if err != nil {
		return profile{}, fmt.Errorf("identity: account phone: %w", err)
	}
	return profile{Account: Account{ID: r.ID, OpenID: r.OpenID}, Name: name, Phone: phone, Disabled: r.DisabledAt != nil}, nil
}

func (s *store) one(q *gorm.DB) (profile, error) {
	var r accountRow
	if err := q.Take(&r).Error; err != nil {
		return profile{}, db.NotFound(err)
	}
	return s.profileOf(r)
}

func (s *store) profile(ctx context.Context, account id.ID) (profile, error) {
	return s.one(s.db.Conn(ctx).Where("id = ?", account))
}

func (s *store) profileByOpenID(ctx context.Context, openID string) (profile, error) {
	return s.one(s.db.Conn(ctx).Where("openid = ?", openID))
}

// profileByPhone gives the enabled account that confirmed the number and was used last.
func (s *store) profileByPhone(ctx context.Context, phone string) (profile, error) {
	return s.one(s.db.Conn(ctx).Where("phone_hash = ? AND disabled_at IS NULL", s.box.Hash(hashPhone, phone)).
		Order("last_login_at DESC, id DESC"))
}

// lock holds the account's row until the transaction ends: everything that adds to or changes its
// bindings and claims goes through it.
func (s *store) lock(ctx context.Context, account id.ID) (profile, error) {
	return s.one(s.db.Conn(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", account))
}

func (s *store) profiles(ctx context.Context, accounts []id.ID) (map[id.ID]profile, error) {
	out := make(map[id.ID]profile, len(accounts))
	for part := range chunks(accounts) {
		var rows []accountRow
		if err := s.db.Conn(ctx).Where("id IN ?", part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			p, err := s.profileOf(r)
			if err != nil {
				return nil, err
			}
			out[r.ID] = p
		}
	}
	return out, nil
}

func (s *store) unionIDs(ctx context.Context, accounts []id.ID) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(accounts))
	for part := range chunks(accounts) {
		var rows []accountRow
		if err := s.db.Conn(ctx).Select("id, unionid").Where("id IN ? AND unionid <> ''", part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.ID] = r.UnionID
		}
	}
	return out, nil
}

func (s *store) insertAccount(ctx context.Context, account id.ID, openID string, now time.Time) error {
	r := accountRow{ID: account, OpenID: openID, CreatedAt: db.At(now), LastLoginAt: db.At(now)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// loggedIn notes a login; an empty union id keeps the known one.
func (s *store) loggedIn(ctx context.Context, account id.ID, unionID, sessionKey string, now time.Time) error {
	set := map[string]any{"last_login_at": db.At(now), "session_key_enc": s.box.SealString(sessionKey, sealSessionKey)}
	if unionID != "" {
		set["unionid"] = unionID
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&accountRow{}).Where("id = ?", account).Updates(set).Error)
}

func (s *store) setPhone(ctx context.Context, account id.ID, phone string) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&accountRow{}).Where("id = ?", account).Updates(map[string]any{
		"phone_enc": s.box.SealString(phone, sealPhone), "phone_hash": s.box.Hash(hashPhone, phone),
	}).Error)
}

func (s *store) setName(ctx context.Context, account id.ID, name string) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&accountRow{}).Where("id = ?", account).
		Update("name_enc", s.box.SealString(name, sealAccountName)).Error)
}

func (s *store) sessionKey(ctx context.Context, account id.ID) (string, error) {
	var r accountRow
	if err := s.db.Conn(ctx).Select("session_key_enc").Where("id = ?", account).Take(&r).Error; err != nil {
		return "", db.NotFound(err)
	}
	return s.box.OpenString(r.SessionKeyEnc, sealSessionKey)
}

// chunks yields ids in parts that fit one IN list.
func chunks(ids []id.ID) func(yield func([]id.ID) bool) {
	return func(yield func([]id.ID) bool) {
		for len(ids) > 0 {
			n := min(inChunk, len(ids))
			if !yield(ids[:n]) {
				return
			}
			ids = ids[n:]
		}
	}
}

func null(v id.ID) *id.ID {
	if v == 0 {
		return nil
	}
	return &v
}

func value(v *id.ID) id.ID {
	if v == nil {
		return 0
	}
	return *v
}
