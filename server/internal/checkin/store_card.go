package checkin

import (
	"context"
	"slices"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type cardRow struct {
	Serial    string `gorm:"primaryKey;autoIncrement:false"`
	PersonID  id.ID
	IssuedBy  id.ID
	IssuedAt  db.Time
	RevokedAt *db.Time
	RevokedBy *id.ID
}

func (cardRow) TableName() string { return "cards" }

func (s store) insertCard(ctx context.Context, serial string, person, by id.ID, now time.Time) error {
	r := cardRow{Serial: serial, PersonID: person, IssuedBy: by, IssuedAt: db.At(now)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// card is what a serial stands for.
type card struct {
	Person  id.ID
	Revoked time.Time // zero: valid
}

func (s store) cards(ctx context.Context, serials []string) (map[string]card, error) {
	out := make(map[string]card, len(serials))
	for part := range slices.Chunk(serials, chunk) {
		var rows []cardRow
		if err := s.db.Conn(ctx).Where("serial IN ?", part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.Serial] = card{Person: r.PersonID, Revoked: r.RevokedAt.Std()}
		}
	}
	return out, nil
}

// cardsOf gives the serials of the valid cards of persons.
func (s store) cardsOf(ctx context.Context, persons []id.ID) (map[id.ID][]string, error) {
	out := map[id.ID][]string{}
	for part := range slices.Chunk(persons, chunk) {
		var rows []cardRow
		if err := s.db.Conn(ctx).Where("person_id IN ? AND revoked_at IS NULL", part).Order("serial").Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.PersonID] = append(out[r.PersonID], r.Serial)
		}
	}
	return out, nil
}

func (s store) revokeCard(ctx context.Context, serial string, by id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&cardRow{}).Where("serial = ? AND revoked_at IS NULL", serial).
		Updates(map[string]any{"revoked_at": db.At(now), "revoked_by": by}).Error)
}

// insertCards gives one card to each of some persons.
func (s store) insertCards(ctx context.Context, persons []id.ID, by id.ID, now time.Time) error {
	for part := range slices.Chunk(persons, chunk) {
		rows := make([]cardRow, len(part))
		for i, p := range part {
			rows[i] = cardRow{Serial: newSerial(), PersonID: p, IssuedBy: by, IssuedAt: db.At(now)}
		}
		if err := s.db.Conn(ctx).Create(&rows).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

// holding is what somebody has of valid cards.
type holding struct {
	Serial string // of the newest
	Issued time.Time
	Cards  int
}

// heldBy gives the valid cards of persons; who has none is missing.
func (s store) heldBy(ctx context.Context, persons []id.ID) (map[id.ID]holding, error) {
	out := map[id.ID]holding{}
	for part := range slices.Chunk(persons, chunk) {
		var rows []cardRow
		err := s.db.Conn(ctx).Where("person_id IN ? AND revoked_at IS NULL", part).Order("issued_at, serial").Find(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.PersonID] = holding{Serial: r.Serial, Issued: r.IssuedAt.Time, Cards: out[r.PersonID].Cards + 1}
		}
	}
	return out, nil
}

// revokeCardsOf makes all cards of a person worthless and counts them.
func (s store) revokeCardsOf(ctx context.Context, person, by id.ID, now time.Time) (int64, error) {
	q := s.db.Conn(ctx).Model(&cardRow{}).Where("person_id = ? AND revoked_at IS NULL", person).
		Updates(map[string]any{"revoked_at": db.At(now), "revoked_by": by})
	return q.RowsAffected, db.Unavailable(q.Error)
}
