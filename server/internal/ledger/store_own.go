package ledger

import (
	"context"
	"math"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

// lookMost bounds how many sealed values one page opens.
const lookMost = 5000

// lastID stands behind everybody of a unit.
const lastID = id.ID(math.MaxInt64)

// holding gives the next persons in sight whose row holds what is asked of a committee's own column, unit by
// unit, and behind whom to go on: a page may be short, and even empty, before the end. What they hold is sealed
// in one text a person, so it is opened one by one; a text that was typed narrows them first.
func (s store) holding(ctx context.Context, scope actor.Scope, f Filter, own OwnFilter, after place, limit int) ([]detail, place, error) {
	f.committee = own.Of.CommitteeID
	var ids []id.ID
	var last, next place
	for looked, from, behind := 0, after.unit, false; looked < lookMost && len(ids) <= limit; behind = true {
		units, err := s.unitsToList(ctx, scope, f, from, behind, unitsAtOnce)
		if err != nil {
			return nil, place{}, err
		}
		if next = (place{}); len(units) == 0 {
			break
		}
		from = units[len(units)-1]
		rows, err := s.ownRows(ctx, scope, f, own.Blank, units, after, lookMost-looked)
		if err != nil {
			return nil, place{}, err
		}
		for _, r := range rows {
			looked++
			text, err := s.box.OpenString(r.CustomEnc, customContext)
			if err != nil {
				return nil, place{}, err
			}
			if !own.Fits(Record{Custom: text}.Own(own.Column)) {
				continue
			}
			if ids = append(ids, r.ID); len(ids) > limit {
				break
			}
			last = place{r.UnitID, r.ID}
		}
		if next = (place{from, lastID}); looked == lookMost { // in the middle of them
			next = place{rows[len(rows)-1].UnitID, rows[len(rows)-1].ID}
		}
	}
	if len(ids) > limit {
		ids, next = ids[:limit], last
	}
	found, err := s.inOrder(ctx, ids)
	return found, next, err
}

type ownRow struct {
	ID, UnitID id.ID
	CustomEnc  []byte
}

// ownRows gives what may hold something of persons of some units, behind a place, as far as the limit.
func (s store) ownRows(ctx context.Context, scope actor.Scope, f Filter, blank bool, units []id.ID, after place, limit int) (rows []ownRow, err error) {
	q := narrowed(s.db.Conn(ctx).Table("persons").Joins("JOIN units ON units.id = persons.unit_id"), f).
		Select("persons.id, persons.unit_id, persons.custom_enc").Where("persons.unit_id IN ?", units)
	if !blank {
		q = q.Where("persons.custom_enc IS NOT NULL")
	}
	if after.person != 0 {
		q = q.Where("(persons.unit_id > ? OR persons.unit_id = ? AND persons.id > ?)", after.unit, after.unit, after.person)
	}
	if NormalText(f.Query) != "" {
		q = s.matching(q, f.Query)
	}
	err = db.Within(q, scope, personPlaces).Order("persons.unit_id, persons.id").Limit(limit).Find(&rows).Error
	return rows, db.Unavailable(err)
}
