package privacy

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

func fields(s string) []string { return strings.Fields(s) }

type store struct {
	db  *db.DB
	box *crypt.Box
}

type textRow struct {
	Version   string `gorm:"primaryKey"`
	Body      string
	CreatedAt db.Time
}

func (textRow) TableName() string { return "consent_texts" }

type consentRow struct {
	AccountID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	Version     string
	Round       int
	AgreedAt    db.Time
	WithdrawnAt *db.Time
}

func (consentRow) TableName() string { return "consents" }

func (s store) consent(ctx context.Context, account id.ID) (Consent, error) {
	var c Consent
	var rows []consentRow
	err := s.db.Conn(ctx).Where("account_id = ?", account).Order("agreed_at, round").Find(&rows).Error
	for _, r := range rows {
		c.Withdrawn = r.WithdrawnAt.Std()
		c.Agreed, c.AgreedAt = "", time.Time{}
		if r.WithdrawnAt == nil {
			c.Agreed, c.AgreedAt = r.Version, r.AgreedAt.Time
		}
	}
	return c, db.Unavailable(err)
}

// agree reports false when the same account agreed a moment before. The words themselves are kept with
// the first who agrees to them.
func (s store) agree(ctx context.Context, account id.ID, version, body string, now time.Time) (bool, error) {
	err := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).
		Create(&textRow{Version: version, Body: body, CreatedAt: db.At(now)}).Error
	if err != nil {
		return false, db.Unavailable(err)
	}
	var round int64
	err = s.db.Conn(ctx).Model(&consentRow{}).
		Where("account_id = ? AND version = ? AND withdrawn_at IS NOT NULL", account, version).Count(&round).Error
	if err != nil {
		return false, db.Unavailable(err)
	}
	res := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).
		Create(&consentRow{AccountID: account, Version: version, Round: int(round), AgreedAt: db.At(now)})
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}

// withdraw ends every consent of an account and forgets its number; false when there was none.
func (s store) withdraw(ctx context.Context, account id.ID, now time.Time) (bool, error) {
	res := s.db.Conn(ctx).Model(&consentRow{}).Where("account_id = ? AND withdrawn_at IS NULL", account).
		Update("withdrawn_at", db.At(now))
	if res.Error != nil || res.RowsAffected == 0 {
		return false, db.Unavailable(res.Error)
	}
	err := s.db.Conn(ctx).Table("accounts").Where("id = ?", account).
		Updates(map[string]any{"phone_enc": nil, "phone_hash": nil}).Error
	return true, db.Unavailable(err)
}

// since tells when a person's row was made and when it was changed last.
func (s store) since(ctx context.Context, person id.ID) (made, changed time.Time, err error) {
	var r struct{ CreatedAt, UpdatedAt db.Time }
	err = s.db.Conn(ctx).Table("persons").Select("created_at, updated_at").Where("id = ?", person).Take(&r).Error
	return r.CreatedAt.Time, r.UpdatedAt.Time, db.NotFound(err)
}

// noticeWay tells how a person wants to be told, "" where nothing was said.
func (s store) noticeWay(ctx context.Context, person id.ID) (string, error) {
	var ways []string
	err := s.db.Conn(ctx).Table("notice_preferences").Where("person_id = ?", person).Pluck("way", &ways).Error
	return strings.Join(ways, ""), db.Unavailable(err)
}

// papers counts the files that are kept of a person.
func (s store) papers(ctx context.Context, person id.ID) (n int64, err error) {
	err = s.db.Conn(ctx).Table("person_attachments").Where("person_id = ? AND removed_at IS NULL", person).Count(&n).Error
	return n, db.Unavailable(err)
}

// takings are what a person took part in, was told and answered.
func (s store) takings(ctx context.Context, person id.ID) (t Takings, err error) {
	var came []struct {
		Title, Place, List, Way string
		HappenedAt, StartsAt    db.Time
	}
	err = s.db.Conn(ctx).Table("checkins AS c").Select("a.title, a.place, l.name AS list, c.way, c.happened_at, a.starts_at").
		Joins("JOIN checkin_lists AS l ON l.id = c.list_id").Joins("JOIN activities AS a ON a.id = l.activity_id").
		Where("c.person_id = ?", person).Order("c.happened_at").Find(&came).Error
	if err != nil {
		return t, db.Unavailable(err)
	}
	for _, r := range came {
		t.Attended = append(t.Attended, Attended{Title: r.Title, Place: r.Place, List: r.List, At: r.HappenedAt.Time})
	}
	var said []struct {
		Title, Answer string
		ReasonEnc     []byte
		Companions    string
		PickupEnc     []byte
		StartsAt      db.Time
		AnsweredAt    *db.Time
	}
	err = s.db.Conn(ctx).Table("activity_expected AS e").Select("a.title, a.starts_at, e.answer, e.reason_enc, e.companions, e.pickup_enc, e.answered_at").
		Joins("JOIN activities AS a ON a.id = e.activity_id").Where("e.person_id = ?", person).Order("a.starts_at").Find(&said).Error
	if err != nil {
		return t, db.Unavailable(err)
	}
	for _, r := range said {
		reason, err := s.box.OpenString(r.ReasonEnc, "activity_expected.reason")
		if err != nil {
			return t, err
		}
		pickUp, err := s.box.OpenString(r.PickupEnc, "activity_expected.pickup")
		if err != nil {
			return t, err
		}
		t.Expected = append(t.Expected, Expected{Title: r.Title, StartsAt: r.StartsAt.Time, Answer: r.Answer, Reason: reason,
			With: r.Companions, PickUp: pickUp, At: r.AnsweredAt.Std()})
	}
	var told []struct {
		Title       string
		PublishedAt *db.Time
		ReadAt      *db.Time
	}
	err = s.db.Conn(ctx).Table("notice_recipients AS r").Select("n.title, n.published_at, r.read_at").
		Joins("JOIN notices AS n ON n.id = r.notice_id").Where("r.person_id = ?", person).Order("n.id").Find(&told).Error
	for _, r := range told {
		t.Told = append(t.Told, Told{Title: r.Title, At: r.PublishedAt.Std(), ReadAt: r.ReadAt.Std()})
	}
	if err != nil {
		return t, db.Unavailable(err)
	}
	var tied []struct {
		AccountID       id.ID
		Relation, Proof string
		CreatedAt       db.Time
	}
	err = s.db.Conn(ctx).Table("account_persons").Where("person_id = ?", person).Order("created_at").Find(&tied).Error
	for _, r := range tied {
		t.Ties = append(t.Ties, Tie{Account: r.AccountID, Relation: r.Relation, Proof: r.Proof, At: r.CreatedAt.Time})
	}
	if err != nil {
		return t, db.Unavailable(err)
	}
	var cards []struct {
		IssuedAt  db.Time
		RevokedAt *db.Time
	}
	err = s.db.Conn(ctx).Table("cards").Select("issued_at, revoked_at").Where("person_id = ?", person).Order("issued_at").Find(&cards).Error
	for _, r := range cards {
		t.Cards = append(t.Cards, Card{IssuedAt: r.IssuedAt.Time, RevokedAt: r.RevokedAt.Std()})
	}
	return t, db.Unavailable(err)
}

func (s store) consents(ctx context.Context, account id.ID) ([]Agreement, error) {
	var rows []consentRow
	err := s.db.Conn(ctx).Where("account_id = ?", account).Order("agreed_at").Find(&rows).Error
	out := make([]Agreement, 0, len(rows))
	for _, r := range rows {
		out = append(out, Agreement{Version: r.Version, AgreedAt: r.AgreedAt.Time, WithdrawnAt: r.WithdrawnAt.Std()})
	}
	return out, db.Unavailable(err)
}
