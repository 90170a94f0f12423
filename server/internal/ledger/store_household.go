package ledger

import (
	"context"
	"maps"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

// apartRow says that two people who share a telephone are no family; both directions are stored.
type apartRow struct {
	PersonID  id.ID `gorm:"primaryKey;autoIncrement:false"`
	OtherID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	AccountID id.ID
	At        db.Time
}

func (apartRow) TableName() string { return "persons_apart" }

// lockHousehold gives everybody of a household for changing; a locking read sees who joined a moment ago.
func (s store) lockHousehold(ctx context.Context, household id.ID) ([]Record, error) {
	var rows []personRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("household_id = ?", household).Order("id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Record, len(rows))
	for i, r := range rows {
		if out[i], err = s.record(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// household gives the persons of a household by id.
func (s store) household(ctx context.Context, household id.ID) ([]detail, error) {
	var rows []joinedRow
	err := s.joined(ctx, "persons.*").Where("persons.household_id = ?", household).Order("persons.id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	return s.details(rows)
}

// asked gives the people in sight who take part, have a person's telephone and are neither of the same
// household nor known to be no family.
func (s store) asked(ctx context.Context, scope actor.Scope, rec Record) ([]detail, error) {
	if rec.Phone == "" {
		return nil, nil
	}
	var rows []joinedRow
	err := db.Within(s.joined(ctx, "persons.*"), scope, personPlaces).
		Where("persons.phone_hash = ? AND persons.id <> ? AND persons.status IN ?", s.box.Hash(kindPhone, rec.Phone), rec.ID, takesPart).
		Where("(persons.household_id IS NULL OR persons.household_id <> ?)", rec.HouseholdID).
		Where("persons.id NOT IN (SELECT other_id FROM persons_apart WHERE person_id = ?)", rec.ID).
		Order("persons.id").Limit(maxFound).Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	return s.details(rows)
}

// takesPart are the statuses of those of whom it is asked who shares a telephone.
var takesPart = []Status{Active, Suspended}

// pairs gives those in scope who share a telephone and of whom nobody has said whether they are family,
// after a pair of ids.
func (s store) pairs(ctx context.Context, scope actor.Scope, f Filter, after [2]id.ID, limit int) ([][2]id.ID, error) {
	q := s.db.Conn(ctx).Table("persons AS a").Select("a.id AS one, b.id AS other").
		Joins("JOIN units AS ua ON ua.id = a.unit_id").
		Joins("JOIN persons AS b ON b.phone_hash = a.phone_hash AND b.id > a.id").
		Joins("JOIN units AS ub ON ub.id = b.unit_id").
		Where("a.status IN ? AND b.status IN ?", takesPart, takesPart).
		Where("(a.household_id IS NULL OR b.household_id IS NULL OR a.household_id <> b.household_id)").
		Where("NOT EXISTS (SELECT 1 FROM persons_apart AS x WHERE x.person_id = a.id AND x.other_id = b.id)").
		Where("(a.id > ? OR a.id = ? AND b.id > ?)", after[0], after[0], after[1])
	q = db.Within(q, scope, db.Columns{Committee: "ua.committee_id", Alliance: "ua.alliance_id", Unit: "a.unit_id"})
	q = db.Within(q, scope, db.Columns{Committee: "ub.committee_id", Alliance: "ub.alliance_id", Unit: "b.unit_id"})
	q = either(q, f.Alliance, "ua.alliance_id", "ub.alliance_id")
	q = either(q, f.Unit, "a.unit_id", "b.unit_id")
	var rows []struct{ One, Other id.ID }
	if err := q.Order("a.id, b.id").Limit(limit).Scan(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([][2]id.ID, len(rows))
	for i, r := range rows {
		out[i] = [2]id.ID{r.One, r.Other}
	}
	return out, nil
}

// either narrows to pairs of which one stands in a place; zero narrows nothing.
func either(q *gorm.DB, place id.ID, one, other string) *gorm.DB {
	if place == 0 {
		return q
	}
	return q.Where("("+one+" = ? OR "+other+" = ?)", place, place)
}

// setApart writes that two people are no family; said before it stays as it was.
func (s store) setApart(ctx context.Context, a, b, by id.ID, now db.Time) error {
	rows := []apartRow{{a, b, by, now}, {b, a, by, now}}
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error)
}

// clearApart takes it back.
func (s store) clearApart(ctx context.Context, a, b id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Where("person_id IN ? AND other_id IN ?", []id.ID{a, b}, []id.ID{a, b}).Delete(&apartRow{}).Error)
}

// anyApart reports whether some two of the persons are known to be no family.
func (s store) anyApart(ctx context.Context, persons []id.ID) (bool, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&apartRow{}).Where("person_id IN ? AND other_id IN ?", orNone(persons), orNone(persons)).Count(&n).Error
	return n > 0, db.Unavailable(err)
}

// householdNames fills in who else lives in households today; a household of nobody else any more is
// told as such.
func (s store) householdNames(ctx context.Context, homes map[id.ID]string, changes []Change) error {
	delete(homes, 0)
	if len(homes) == 0 {
		return nil
	}
	var rows []struct {
		ID, HouseholdID id.ID
		Name            string
	}
	err := s.db.Conn(ctx).Table("persons").Select("id, household_id, name").Where("household_id IN ?", slices.Collect(maps.Keys(homes))).
		Order("id").Find(&rows).Error
	for _, r := range rows {
		if r.ID == changes[0].Person {
			continue
		}
		if homes[r.HouseholdID] != "" {
			homes[r.HouseholdID] += "、"
		}
		homes[r.HouseholdID] += r.Name
	}
	for home, names := range homes {
		if names == "" {
			homes[home] = "以前的一户"
		}
	}
	return db.Unavailable(err)
}
