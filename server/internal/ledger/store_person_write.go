package ledger

import (
	"context"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// insertPersons adds persons and begins their history.
func (s store) insertPersons(ctx context.Context, list []Record, by By, now db.Time) error {
	changes := make([]Change, len(list))
	for i, r := range list {
		list[i].version = 1
		changes[i] = creation(r, by, now.Time)
	}
	if err := insertAll(s.db.Conn(ctx), list, func(r Record) personRow { return s.row(r, now) }); err != nil {
		return err
	}
	if err := s.insertTerms(ctx, list); err != nil {
		return err
	}
	return s.insertChanges(ctx, changes)
}

func (s store) updatePerson(ctx context.Context, rec Record, now db.Time) error {
	r := s.row(rec, now)
	return db.Unavailable(s.db.Conn(ctx).Model(&personRow{}).Where("id = ?", rec.ID).Select(updatable).Updates(&r).Error)
}

// updatePersons writes many changed rows without a round trip for each, with their history. Persons
// that differ in nothing by now, or are gone, are left out; so are the columns that somebody has changed
// since a record was read. It also gives the units between which persons moved.
func (s store) updatePersons(ctx context.Context, list []Record, read map[id.ID]Record, by By, now db.Time) (newer []Newer, units []id.ID, err error) {
	ids := make([]id.ID, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	before, err := s.lockPersons(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	var was, after []Record
	var changes []Change
	for _, r := range list {
		old, ok := before[r.ID]
		if base, known := read[r.ID]; known && ok {
			var n Newer
			if r, n = r.over(base, old); n.Erased || len(n.Keys) > 0 {
				newer = append(newer, n)
			}
		}
		c := changeOf(old, r, by, now.Time)
		if !ok || len(c.Differences) == 0 {
			continue
		}
		r.version = c.Seq
		if old.UnitID != r.UnitID {
			units = append(units, old.UnitID, r.UnitID)
		}
		was, after, changes = append(was, old), append(after, r), append(changes, c)
	}
	q := s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns(updatable)})
	if err := insertAll(q, after, func(r Record) personRow { return s.row(r, now) }); err != nil {
		return nil, nil, err
	}
	if err := s.changeTerms(ctx, was, after); err != nil {
		return nil, nil, err
	}
	return newer, units, s.insertChanges(ctx, changes)
}
