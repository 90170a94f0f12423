package privacy

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

const reasonContext = "erasures.reason"

type erasureRow struct {
	PersonID    id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID id.ID
	PersonHash  []byte
	NumberHash  []byte
	ReasonEnc   []byte
	AskedBy     id.ID
	AskedAt     db.Time
	DoneBy      *id.ID
	DoneAt      *db.Time
}

func (erasureRow) TableName() string { return "erasures" }

func (s store) hashOf(person id.ID) []byte { return s.box.Hash("erased_person", person.String()) }

// ask leaves a request alone that somebody else has just made.
func (s store) ask(ctx context.Context, committee, person id.ID, reason string, by id.ID, now time.Time) error {
	var numbers [][]byte
	err := s.db.Conn(ctx).Table("persons").Where("id = ? AND id_number_hash IS NOT NULL", person).Pluck("id_number_hash", &numbers).Error
	if err != nil {
		return db.Unavailable(err)
	}
	r := erasureRow{PersonID: person, CommitteeID: committee, PersonHash: s.hashOf(person),
		ReasonEnc: s.box.SealString(reason, reasonContext), AskedBy: by, AskedAt: db.At(now)}
	if len(numbers) > 0 {
		r.NumberHash = numbers[0]
	}
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r).Error)
}

func (s store) erasure(ctx context.Context, person id.ID) (Erasure, error) {
	var r erasureRow
	if err := s.db.Conn(ctx).Where("person_id = ?", person).Take(&r).Error; err != nil {
		return Erasure{}, db.NotFound(err)
	}
	return s.asked(r)
}

func (s store) asked(r erasureRow) (Erasure, error) {
	e := Erasure{Person: r.PersonID, AskedBy: r.AskedBy, AskedAt: r.AskedAt.Time, DoneAt: r.DoneAt.Std()}
	if r.DoneBy != nil {
		e.DoneBy = *r.DoneBy
	}
	var err error
	e.Reason, err = s.box.OpenString(r.ReasonEnc, reasonContext)
	return e, err
}

// erasures gives requests of a scope, the latest person first.
func (s store) erasures(ctx context.Context, scope actor.Scope, done bool, p page.Page) ([]Erasure, error) {
	q := db.Within(s.db.Conn(ctx).Table("erasures AS e"), scope, db.Columns{Committee: "e.committee_id"}).
		Select("e.*, p.name AS person_name, u.name AS unit_name").
		Joins("JOIN persons AS p ON p.id = e.person_id").Joins("JOIN units AS u ON u.id = p.unit_id")
	if done {
		q = q.Where("e.done_at IS NOT NULL")
	} else {
		q = q.Where("e.done_at IS NULL")
	}
	if after, err := id.Parse(p.After); err == nil {
		q = q.Where("e.person_id < ?", after)
	}
	var rows []struct {
		Row        erasureRow `gorm:"embedded"`
		PersonName string
		UnitName   string
	}
	if err := q.Order("e.person_id DESC").Limit(p.Size() + 1).Scan(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Erasure, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = s.asked(r.Row); err != nil {
			return nil, err
		}
		out[i].Unit = r.UnitName
		if !done {
			out[i].Name = r.PersonName
		}
	}
	return out, nil
}

func (s store) drop(ctx context.Context, person id.ID) (bool, error) {
	res := s.db.Conn(ctx).Where("person_id = ? AND done_at IS NULL", person).Delete(&erasureRow{})
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}

// done turns a request into an erasure; false when somebody was faster.
func (s store) done(ctx context.Context, person, by id.ID, now time.Time) (bool, error) {
	res := s.db.Conn(ctx).Model(&erasureRow{}).Where("person_id = ? AND done_at IS NULL", person).
		Updates(map[string]any{"done_by": by, "done_at": db.At(now)})
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}

func (s store) count(ctx context.Context, person id.ID) ([]Count, error) {
	var out []Count
	for _, p := range Places {
		c := Count{Table: p.Table, Keep: p.Keep}
		if err := s.db.Conn(ctx).Table(p.Table).Where(p.Person+" = ?", person).Count(&c.Rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		if c.Rows > 0 {
			out = append(out, c)
		}
	}
	return out, nil
}

// lock keeps imports of the committee away, whose preview or undo may hold the person: an import that is
// being written is waited for, one that comes later finds the person erased.
func (s store) lock(ctx context.Context, committee id.ID) error {
	var ids []id.ID
	return db.Unavailable(s.db.Conn(ctx).Table("committees").Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", committee).Pluck("id", &ids).Error)
}

// erase does what Places says, and forgets what a person's id does not reach: the accounts that were
// there for this person alone, grants and claims under the same name or number, and imports.
func (s store) erase(ctx context.Context, p ledger.Person, now time.Time) ([]Count, error) {
	var row struct{ PhoneEnc, IDNumberEnc, FamilyPhoneEnc, AddressEnc, PhoneHash []byte }
	err := s.db.Conn(ctx).Table("persons").Select("phone_enc, id_number_enc AS id_number_enc, family_phone_enc, address_enc, phone_hash").
		Where("id = ?", p.ID).Take(&row).Error
	if err != nil {
		return nil, db.NotFound(err)
	}
	needles := [][]byte{[]byte(p.Name)}
	for context, sealed := range map[string][]byte{"persons.phone": row.PhoneEnc, "persons.id_number": row.IDNumberEnc,
		"persons.family_phone": row.FamilyPhoneEnc, "persons.address": row.AddressEnc} {
		plain, err := s.box.Open(sealed, context)
		if err != nil {
			return nil, err
		}
		needles = append(needles, plain)
	}
	var accounts []id.ID
	if err := s.db.Conn(ctx).Table("account_persons").Where("person_id = ?", p.ID).Pluck("account_id", &accounts).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	var counts []Count
	for _, place := range Places {
		q := s.db.Conn(ctx).Table(place.Table).Where(place.Person+" = ?", p.ID)
		switch {
		case place.Remove:
			q = q.Delete(nil)
		case place.Blank != nil:
			q = q.Updates(place.Blank)
		default:
			continue
		}
		if q.Error != nil {
			return nil, db.Unavailable(q.Error)
		}
		if q.RowsAffected > 0 {
			counts = append(counts, Count{place.Table, q.RowsAffected, place.Keep})
		}
	}
	n, err := s.wipeAccounts(ctx, accounts, now)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		counts = append(counts, Count{Table: "accounts", Rows: n, Keep: "stands for the account in records"})
	}
	if len(row.PhoneHash) > 0 {
		err := s.db.Conn(ctx).Table("role_grants").Where("phone_hash = ? AND (account_id IS NULL OR account_id IN ?)", row.PhoneHash, append(accounts, 0)).
			Updates(map[string]any{"holder_name_enc": nil, "phone_enc": nil, "phone_hash": nil}).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
	}
	if err := s.eraseClaims(ctx, p); err != nil {
		return nil, err
	}
	mentions, err := s.eraseMentions(ctx, p.CommitteeID, needles)
	return append(counts, mentions...), err
}

// wipeAccounts forgets accounts that act for nobody and hold no role any more.
func (s store) wipeAccounts(ctx context.Context, accounts []id.ID, now time.Time) (int64, error) {
	var n int64
	for _, account := range accounts {
		var ties, grants int64
		err := s.db.Conn(ctx).Table("account_persons").Where("account_id = ?", account).Count(&ties).Error
		if err == nil {
			err = s.db.Conn(ctx).Table("role_grants").Where("account_id = ? AND revoked_at IS NULL", account).Count(&grants).Error
		}
		if err != nil {
			return n, db.Unavailable(err)
		}
		if ties+grants > 0 {
			continue
		}
		if err := s.wipeFollower(ctx, account); err != nil {
			return n, err
		}
		err = s.db.Conn(ctx).Table("accounts").Where("id = ?", account).Updates(map[string]any{
			"openid": "gone:" + account.String(), "unionid": "", "session_key_enc": nil, "name_enc": nil, "phone_enc": nil,
			"phone_hash": nil, "disabled_at": db.At(now)}).Error
		for _, table := range []string{"claims", "subscription_credits", "group_members"} {
			if err == nil {
				err = s.db.Conn(ctx).Table(table).Where("account_id = ?", account).Delete(nil).Error
			}
		}
		if err != nil {
			return n, db.Unavailable(err)
		}
		n++
	}
	return n, nil
}

// wipeFollower forgets that an account follows the official account: only its unionid says so.
func (s store) wipeFollower(ctx context.Context, account id.ID) error {
	var union []string
	err := s.db.Conn(ctx).Table("accounts").Where("id = ? AND unionid <> ''", account).Pluck("unionid", &union).Error
	if err == nil && len(union) > 0 {
		err = s.db.Conn(ctx).Table("official_followers").Where("unionid IN ?", union).Delete(nil).Error
	}
	return db.Unavailable(err)
}

// eraseClaims removes what others asked for under the same name in the same unit and nobody decided.
func (s store) eraseClaims(ctx context.Context, p ledger.Person) error {
	var rows []struct {
		ID      id.ID
		NameEnc []byte
	}
	err := s.db.Conn(ctx).Table("claims").Select("id, name_enc").Where("unit_id = ? AND person_id IS NULL", p.UnitID).Find(&rows).Error
	if err != nil {
		return db.Unavailable(err)
	}
	for _, r := range rows {
		name, err := s.box.OpenString(r.NameEnc, "claims.name")
		if err != nil {
			return err
		}
		if ledger.NormalName(name) != p.Name {
			continue
		}
		if err := s.db.Conn(ctx).Table("claims").Where("id = ?", r.ID).Delete(nil).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

// tidy takes what was erased out of SQLite's log of writes, too; freed pages are overwritten as they fall
// free. A server's logs end with their own retention.
func (s store) tidy(ctx context.Context) error {
	if s.db.Engine() != db.SQLite {
		return nil
	}
	_, err := s.db.SQL().ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func (s store) erasedList(ctx context.Context) ([]erased, error) {
	var rows []erasureRow
	err := s.db.Conn(ctx).Where("done_at IS NOT NULL").Order("done_at, person_id").Find(&rows).Error
	out := make([]erased, 0, len(rows))
	for _, r := range rows {
		out = append(out, erased{person: r.PersonHash, number: r.NumberHash, at: r.DoneAt.Std()})
	}
	return out, db.Unavailable(err)
}

// comeback is a person who was erased once and stands in the ledger.
type comeback struct {
	person id.ID
	was    erased
}

// returned finds in the ledger whoever stands on the list. Somebody who was entered anew after the erasure
// has another id and a younger row and stays.
func (s store) returned(ctx context.Context, list []erased) ([]comeback, error) {
	byPerson, byNumber := map[string]erased{}, map[string]erased{}
	for _, e := range list {
		byPerson[string(e.person)] = e
		if len(e.number) > 0 { // an empty one would stand for everybody without a number
			byNumber[string(e.number)] = e
		}
	}
	var out []comeback
	var after id.ID
	for {
		var rows []struct {
			ID           id.ID
			IDNumberHash []byte
			CreatedAt    db.Time
		}
		err := s.db.Conn(ctx).Table("persons").Select("id, id_number_hash AS id_number_hash, created_at").
			Where("id > ? AND name <> ?", after, ledger.ErasedName).Order("id").Limit(1000).Find(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		if len(rows) == 0 {
			return out, nil
		}
		for _, r := range rows {
			e, ok := byPerson[string(s.hashOf(r.ID))]
			if !ok && len(r.IDNumberHash) > 0 {
				e, ok = byNumber[string(r.IDNumberHash)]
				ok = ok && r.CreatedAt.Before(e.at)
			}
			if ok {
				out = append(out, comeback{r.ID, e})
			}
		}
		after = rows[len(rows)-1].ID
	}
}

// restore brings back the request that an old backup does not know, so that it can be carried out again.
func (s store) restore(ctx context.Context, p ledger.Person, c comeback) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		var number []byte // NULL where there was none
		if len(c.was.number) > 0 {
			number = c.was.number
		}
		err := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&erasureRow{PersonID: p.ID, CommitteeID: p.CommitteeID,
			PersonHash: s.hashOf(p.ID), NumberHash: number, AskedAt: db.At(c.was.at)}).Error
		if err != nil {
			return db.Unavailable(err)
		}
		return db.Unavailable(s.db.Conn(ctx).Model(&erasureRow{}).Where("person_id = ?", p.ID).Update("done_at", nil).Error)
	})
}
