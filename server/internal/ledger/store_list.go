package ledger

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

// How many units are looked through at once, the first time and at the most.
const (
	unitsFirst = 8
	unitsMost  = 2000
)

// listed gives persons in sight unit by unit, and by id within a unit. A committee's persons stand in no
// index of their own: to sort all of them for one page would cost more with every county's growth, so
// its units are walked through until the page is full.
func (s store) listed(ctx context.Context, scope actor.Scope, f Filter, after place, limit int) ([]detail, error) {
	if after.person != 0 && after.unit == 0 {
		d, err := s.person(ctx, everywhere, after.person)
		if err != nil {
			return nil, err
		}
		after.unit = d.Person.UnitID
	}
	if scope.Empty() {
		return nil, nil
	}
	var some []id.ID
	few := f.Unit != 0
	if isBroad(scope, f) {
		var err error
		if some, few, err = s.rare(ctx, f.Status); err != nil {
			return nil, err
		}
	}
	if few {
		ids, err := s.listedOf(ctx, scope, f, after, "persons.id", some, limit)
		if err != nil {
			return nil, err
		}
		return s.inOrder(ctx, ids)
	}
	var ids []id.ID
	from, behind := after.unit, false // behind: that unit is done with
	for n := unitsFirst; len(ids) < limit; n = min(4*n, unitsMost) {
		units, err := s.unitsToList(ctx, scope, f, from, behind, n)
		if err != nil {
			return nil, err
		}
		if len(units) == 0 {
			break
		}
		found, err := s.listedOf(ctx, scope, f, after, "persons.unit_id", units, limit-len(ids))
		if err != nil {
			return nil, err
		}
		ids, from, behind = append(ids, found...), units[len(units)-1], true
		if len(units) < n {
			break
		}
	}
	return s.inOrder(ctx, ids)
}

// listedOf gives the next persons behind a place whose column is one of some ids; of none: of all.
func (s store) listedOf(ctx context.Context, scope actor.Scope, f Filter, after place, column string, some []id.ID, limit int) ([]id.ID, error) {
	q := narrowed(s.db.Conn(ctx).Table("persons").Joins("JOIN units ON units.id = persons.unit_id"), f)
	if some != nil {
		q = q.Where(column+" IN ?", orNone(some))
	}
	if after.person != 0 {
		q = q.Where("(persons.unit_id > ? OR persons.unit_id = ? AND persons.id > ?)", after.unit, after.unit, after.person)
	}
	var out []id.ID
	err := db.Within(q, scope, personPlaces).Order("persons.unit_id, persons.id").Limit(limit).Pluck("persons.id", &out).Error
	return out, db.Unavailable(err)
}

// unitsToList gives the next units in which somebody in sight may stand, by id.
func (s store) unitsToList(ctx context.Context, scope actor.Scope, f Filter, from id.ID, behind bool, n int) ([]id.ID, error) {
	compare := "units.id >= ?"
	if behind {
		compare = "units.id > ?"
	}
	q := s.db.Conn(ctx).Model(&unitRow{}).Where(compare, from)
	if f.Alliance != 0 {
		q = q.Where("units.alliance_id = ?", f.Alliance)
	}
	if f.Unit != 0 {
		q = q.Where("units.id = ?", f.Unit)
	}
	if f.committee != 0 {
		q = q.Where("units.committee_id = ?", f.committee)
	}
	if len(scope.Persons) > 0 && !scope.All { // an own person may stand in a unit that is not in sight
		var own []id.ID
		if err := s.db.Conn(ctx).Model(&personRow{}).Where("id IN ?", scope.Persons).Pluck("unit_id", &own).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		scope.Units = append(append([]id.ID{}, scope.Units...), own...)
		scope.Persons = nil
	}
	var out []id.ID
	err := db.Within(q, scope, unitPlaces).Order("units.id").Limit(n).Pluck("units.id", &out).Error
	return out, db.Unavailable(err)
}
