package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type changeRow struct {
	PersonID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	Seq        int   `gorm:"primaryKey;autoIncrement:false"`
	At         db.Time
	AccountID  id.ID
	Cause      Cause
	ImportID   *id.ID
	Moved      int // 1: unit or status became another
	FromUnitID *id.ID
	FromStatus Status
	ToUnitID   *id.ID
	ToStatus   Status
	ChangesEnc []byte
}

func (changeRow) TableName() string { return "person_changes" }

const changesContext = "person_changes.changes"

func (s store) changeRow(c Change) changeRow {
	r := changeRow{PersonID: c.Person, Seq: c.Seq, At: db.At(c.At), AccountID: c.Account, Cause: c.Cause, ImportID: orNull(c.Import),
		FromUnitID: orNull(c.Before.Unit), FromStatus: c.Before.Status, ToUnitID: orNull(c.After.Unit), ToStatus: c.After.Status}
	if c.Moved() {
		r.Moved = 1
	}
	if len(c.Differences) > 0 {
		text, err := json.Marshal(c.Differences)
		if err != nil {
			panic(err) // texts only: this cannot happen
		}
		r.ChangesEnc = s.box.Seal(text, changesContext)
	}
	return r
}

func (s store) change(r changeRow) (Change, error) {
	c := Change{Person: r.PersonID, Seq: r.Seq, At: r.At.Time, Account: r.AccountID, Cause: r.Cause, Import: orZero(r.ImportID),
		Before: Standing{orZero(r.FromUnitID), r.FromStatus}, After: Standing{orZero(r.ToUnitID), r.ToStatus}}
	text, err := s.box.Open(r.ChangesEnc, changesContext)
	if err != nil || text == nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c.Differences); err != nil {
		return c, fmt.Errorf("ledger: change %d of a person: %w", r.Seq, err)
	}
	return c, nil
}

func (s store) insertChanges(ctx context.Context, list []Change) error {
	return insertAll(s.db.Conn(ctx), list, s.changeRow)
}

// changes gives a person's changes with a sequence below a bound, newest first.
func (s store) changes(ctx context.Context, personID id.ID, below, limit int) ([]Change, error) {
	return s.readChanges(s.db.Conn(ctx).Where("person_id = ? AND seq < ?", personID, below).Order("seq DESC").Limit(limit))
}

// changesAfter gives a person's changes after a moment, newest first.
func (s store) changesAfter(ctx context.Context, personID id.ID, at time.Time) ([]Change, error) {
	return s.readChanges(s.db.Conn(ctx).Where("person_id = ? AND at > ?", personID, db.At(at)).Order("seq DESC"))
}

// changedSince gives the columns that were changed after versions of persons.
func (s store) changedSince(ctx context.Context, versions map[id.ID]int) (map[id.ID]map[string]bool, error) {
	out := map[id.ID]map[string]bool{}
	for part := range parts(slices.Sorted(maps.Keys(versions))) {
		found, err := s.readChanges(s.db.Conn(ctx).Where("person_id IN ? AND seq > 1", part))
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if c.Seq <= versions[c.Person] {
				continue
			}
			if out[c.Person] == nil {
				out[c.Person] = map[string]bool{}
			}
			for _, d := range c.Differences {
				out[c.Person][d.Key] = true
			}
		}
	}
	return out, nil
}

// lastRestatement gives the newest change of a person's status, or errs.ErrNotFound.
func (s store) lastRestatement(ctx context.Context, personID id.ID) (Change, error) {
	found, err := s.readChanges(s.db.Conn(ctx).
		Where("person_id = ? AND from_unit_id IS NOT NULL AND from_status <> to_status", personID).Order("seq DESC").Limit(1))
	return only(found, err)
}

func (s store) readChanges(q *gorm.DB) ([]Change, error) {
	var rows []changeRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Change, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = s.change(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lockPersons gives persons for changing, by id; those that do not exist are missing.
func (s store) lockPersons(ctx context.Context, ids []id.ID) (map[id.ID]Record, error) {
	out := make(map[id.ID]Record, len(ids))
	for part := range parts(ids) {
		var rows []personRow
		err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id IN ?", part).Order("id").Find(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			if out[r.ID], err = s.record(r); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// countRow is how many persons stand in a unit in one way.
type countRow struct {
	UnitID id.ID
	Status Status
	N      int
}

// countNow counts the persons of some units as they stand.
func (s store) countNow(ctx context.Context, units []id.ID) ([]countRow, error) {
	return s.counted(ctx, units, time.Time{}, "SELECT unit_id, status, COUNT(*) AS n FROM persons WHERE unit_id IN @units GROUP BY unit_id, status")
}

// countAt counts the persons of some units as they stood at a moment: those who have not moved since
// by their row, the others by the first of their later moves.
func (s store) countAt(ctx context.Context, units []id.ID, at time.Time) ([]countRow, error) {
	still, err := s.counted(ctx, units, at, "SELECT unit_id, status, COUNT(*) AS n FROM persons WHERE unit_id IN @units AND created_at <= @at "+
		"AND id NOT IN (SELECT person_id FROM person_changes WHERE moved = 1 AND at > @at) GROUP BY unit_id, status")
	if err != nil {
		return nil, err
	}
	since, err := s.counted(ctx, units, at, "SELECT c.from_unit_id AS unit_id, c.from_status AS status, COUNT(*) AS n FROM person_changes c "+
		"JOIN (SELECT person_id, MIN(seq) AS seq FROM person_changes WHERE moved = 1 AND at > @at GROUP BY person_id) f "+
		"ON f.person_id = c.person_id AND f.seq = c.seq WHERE c.from_unit_id IN @units GROUP BY c.from_unit_id, c.from_status")
	return append(still, since...), err
}

func (s store) counted(ctx context.Context, units []id.ID, at time.Time, query string) ([]countRow, error) {
	var out []countRow
	for part := range parts(units) {
		var rows []countRow
		err := s.db.Conn(ctx).Raw(query, map[string]any{"units": part, "at": db.At(at)}).Scan(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		out = append(out, rows...)
	}
	return out, nil
}
