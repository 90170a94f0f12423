package identity

import (
	"context"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

type bindingRow struct {
	AccountID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	PersonID    id.ID `gorm:"primaryKey;autoIncrement:false"`
	Relation    string
	Proof       string
	ConfirmedBy *id.ID
	CreatedAt   db.Time
}

func (bindingRow) TableName() string { return "account_persons" }

// bindings gives the account's persons in the order in which they were bound.
func (s *store) bindings(ctx context.Context, account id.ID) ([]Binding, error) {
	var rows []bindingRow
	err := s.db.Conn(ctx).Where("account_id = ?", account).Order("created_at, person_id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Binding, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.binding())
	}
	return out, nil
}

// ties gives the accounts of a person in the order in which they were bound.
func (s *store) ties(ctx context.Context, person id.ID) ([]Tie, error) {
	var rows []bindingRow
	err := s.db.Conn(ctx).Where("person_id = ?", person).Order("created_at, account_id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Tie, 0, len(rows))
	for _, r := range rows {
		out = append(out, Tie{Account: r.AccountID, Relation: Relation(r.Relation), Proof: Proof(r.Proof), Since: r.CreatedAt.Time})
	}
	return out, nil
}

func (s *store) insertBinding(ctx context.Context, b Binding, by id.ID, now time.Time) error {
	r := bindingRow{AccountID: b.Account, PersonID: b.Person, Relation: string(b.Relation), Proof: string(b.Proof),
		ConfirmedBy: null(by), CreatedAt: db.At(now)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// setRelation changes one binding; the account's row must be locked.
func (s *store) setRelation(ctx context.Context, account, person id.ID, rel Relation) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&bindingRow{}).
		Where("account_id = ? AND person_id = ?", account, person).Update("relation", string(rel)).Error)
}

// onlyFamily makes every person of the account family.
func (s *store) onlyFamily(ctx context.Context, account id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&bindingRow{}).
		Where("account_id = ? AND relation = ?", account, string(Self)).Update("relation", string(Family)).Error)
}

func (s *store) deleteBinding(ctx context.Context, account, person id.ID) error {
	res := s.db.Conn(ctx).Where("account_id = ? AND person_id = ?", account, person).Delete(&bindingRow{})
	if res.Error != nil {
		return db.Unavailable(res.Error)
	}
	if res.RowsAffected == 0 {
		return errs.ErrNotFound
	}
	return nil
}

// accountsOf gives the enabled accounts bound to each person, oldest binding first.
func (s *store) accountsOf(ctx context.Context, persons []id.ID) (map[id.ID][]Account, error) {
	out := make(map[id.ID][]Account, len(persons))
	for part := range chunks(persons) {
		var rows []struct {
			PersonID  id.ID
			AccountID id.ID
			OpenID    string `gorm:"column:openid"`
		}
		err := s.db.Conn(ctx).Table("account_persons AS b").Select("b.person_id, b.account_id, a.openid").
			Joins("JOIN accounts AS a ON a.id = b.account_id").
			Where("b.person_id IN ? AND a.disabled_at IS NULL", part).
			Order("b.created_at, b.account_id").Scan(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.PersonID] = append(out[r.PersonID], Account{ID: r.AccountID, OpenID: r.OpenID})
		}
	}
	return out, nil
}

// holders gives the ties of enabled accounts to persons.
func (s *store) holders(ctx context.Context, persons []id.ID) ([]Holder, error) {
	var out []Holder
	for part := range chunks(persons) {
		var rows []struct {
			PersonID  id.ID
			AccountID id.ID
			Relation  string
		}
		err := s.db.Conn(ctx).Table("account_persons AS b").Select("b.person_id, b.account_id, b.relation").
			Joins("JOIN accounts AS a ON a.id = b.account_id").
			Where("b.person_id IN ? AND a.disabled_at IS NULL", part).Scan(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out = append(out, Holder{Account: r.AccountID, Person: r.PersonID, Relation: Relation(r.Relation)})
		}
	}
	return out, nil
}

type codeRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	CodeHash  []byte
	PersonID  id.ID
	CreatedBy id.ID
	CreatedAt db.Time
	ExpiresAt db.Time
	UsedBy    *id.ID
	UsedAt    *db.Time
}

func (codeRow) TableName() string { return "binding_codes" }

// storedCode is a binding code without the code.
type storedCode struct {
	ID, Person, CreatedBy, UsedBy id.ID
	ExpiresAt                     time.Time
}

// insertCode reports a duplicate (db.IsDuplicate) when the same digits were drawn before.
func (s *store) insertCode(ctx context.Context, codeID id.ID, c BindingCode, by id.ID, now time.Time) error {
	r := codeRow{ID: codeID, CodeHash: s.box.Hash(hashCode, c.Code), PersonID: c.Person, CreatedBy: by,
		CreatedAt: db.At(now), ExpiresAt: db.At(c.ExpiresAt)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

func (s *store) code(ctx context.Context, digits string) (storedCode, error) {
	var r codeRow
	if err := s.db.Conn(ctx).Where("code_hash = ?", s.box.Hash(hashCode, digits)).Take(&r).Error; err != nil {
		return storedCode{}, db.NotFound(err)
	}
	return storedCode{ID: r.ID, Person: r.PersonID, CreatedBy: r.CreatedBy, UsedBy: value(r.UsedBy), ExpiresAt: r.ExpiresAt.Time}, nil
}

// useCode takes the code for an account and reports whether it was still to be had.
func (s *store) useCode(ctx context.Context, code, account id.ID, now time.Time) (bool, error) {
	res := s.db.Conn(ctx).Model(&codeRow{}).
		Where("id = ? AND used_at IS NULL AND expires_at > ?", code, db.At(now)).
		Updates(map[string]any{"used_by": account, "used_at": db.At(now)})
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}

// bindingsOf gives the persons of several accounts, each account's in the order of binding.
func (s *store) bindingsOf(ctx context.Context, accounts []id.ID) ([]Binding, error) {
	var out []Binding
	for part := range chunks(accounts) {
		var rows []bindingRow
		err := s.db.Conn(ctx).Where("account_id IN ?", part).Order("created_at, person_id").Find(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out = append(out, r.binding())
		}
	}
	return out, nil
}

func (r bindingRow) binding() Binding {
	return Binding{Account: r.AccountID, Person: r.PersonID, Relation: Relation(r.Relation), Proof: Proof(r.Proof)}
}

// pruneCodes removes codes that ran out before a time.
func (s *store) pruneCodes(ctx context.Context, before time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Where("expires_at < ?", db.At(before)).Delete(&codeRow{}).Error)
}
