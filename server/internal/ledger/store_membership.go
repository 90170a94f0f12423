package ledger

import (
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// forever is the end of what has not ended: with it, one unit has one open row.
var forever = db.At(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))

type unitAllianceRow struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	UnitID     id.ID
	AllianceID id.ID
	FromAt     db.Time
	UntilAt    db.Time
	AccountID  id.ID
}

func (unitAllianceRow) TableName() string { return "unit_alliances" }

func (r unitAllianceRow) membership() Membership {
	m := Membership{UnitID: r.UnitID, AllianceID: r.AllianceID, From: r.FromAt.Time, Account: r.AccountID}
	if r.UntilAt.Before(forever.Time) {
		m.Until = r.UntilAt.Time
	}
	return m
}

// lockUnit gives a unit for changing; the row is the lock.
func (s store) lockUnit(ctx context.Context, unitID id.ID) (unitRow, error) {
	var r unitRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", unitID).Take(&r).Error
	return r, db.NotFound(err)
}

// joinAlliances begins the memberships of units that are in none.
func (s store) joinAlliances(ctx context.Context, list []Unit, newID func() id.ID, by id.ID, now db.Time) error {
	var rows []unitAllianceRow
	for _, u := range list {
		if u.AllianceID != 0 {
			rows = append(rows, unitAllianceRow{ID: newID(), UnitID: u.ID, AllianceID: u.AllianceID, FromAt: now, UntilAt: forever, AccountID: by})
		}
	}
	return insertAll(s.db.Conn(ctx), rows, func(r unitAllianceRow) unitAllianceRow { return r })
}

// leaveAlliance ends a unit's membership. One that lasted no time is forgotten; one that is older than
// this table began with the unit.
func (s store) leaveAlliance(ctx context.Context, u unitRow, newID func() id.ID, by id.ID, now db.Time) error {
	q := s.db.Conn(ctx)
	gone := q.Exec("DELETE FROM unit_alliances WHERE unit_id = ? AND until_at = ? AND from_at >= ?", u.ID, forever, now)
	if gone.Error != nil || gone.RowsAffected > 0 {
		return db.Unavailable(gone.Error)
	}
	ended := q.Exec("UPDATE unit_alliances SET until_at = ? WHERE unit_id = ? AND until_at = ?", now, u.ID, forever)
	if ended.Error != nil || ended.RowsAffected > 0 {
		return db.Unavailable(ended.Error)
	}
	return insert(q, &unitAllianceRow{ID: newID(), UnitID: u.ID, AllianceID: orZero(u.AllianceID), FromAt: u.CreatedAt, UntilAt: now, AccountID: by})
}

// memberships gives the alliances that a unit was in, oldest first.
func (s store) memberships(ctx context.Context, unitID id.ID) ([]Membership, error) {
	q := s.db.Conn(ctx).Model(&unitAllianceRow{}).Where("unit_id = ?", unitID).Order("from_at, id")
	return list(q, unitAllianceRow.membership)
}

// unitsAt gives the units in sight as they stood at a moment: a place of the scope counts as it was
// then. The zero time is now.
func (s store) unitsAt(ctx context.Context, scope actor.Scope, at time.Time) ([]Unit, error) {
	if at.IsZero() {
		return s.units(ctx, scope, 0)
	}
	q := s.db.Conn(ctx).Model(&unitRow{}).Where("created_at <= ?", db.At(at)).Order("id")
	if !scope.All {
		q = q.Where("(committee_id IN ? OR id IN ? OR alliance_id IN ? OR id IN (SELECT unit_id FROM unit_alliances WHERE alliance_id IN ?))",
			orNone(scope.Committees), orNone(scope.Units), orNone(scope.Alliances), orNone(scope.Alliances))
	}
	units, err := list(q, unitRow.unit)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(units))
	for i, u := range units {
		ids[i] = u.ID
	}
	alliance := map[id.ID]id.ID{} // zero: in none
	for part := range parts(ids) {
		rows, err := list(s.db.Conn(ctx).Model(&unitAllianceRow{}).Where("unit_id IN ?", part), func(r unitAllianceRow) unitAllianceRow { return r })
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !r.FromAt.After(at) && r.UntilAt.After(at) {
				alliance[r.UnitID] = r.AllianceID
			} else if _, known := alliance[r.UnitID]; !known {
				alliance[r.UnitID] = 0
			}
		}
	}
	out := units[:0]
	for _, u := range units {
		if then, known := alliance[u.ID]; known {
			u.AllianceID = then
		}
		if scope.Covers(u.Place()) {
			out = append(out, u)
		}
	}
	return out, nil
}

// alliancesOfUnits gives the alliances in which some units are now, each once; zero for none.
func (s store) alliancesOfUnits(ctx context.Context, units []id.ID) ([]id.ID, error) {
	out := map[id.ID]bool{}
	for part := range parts(units) {
		rows, err := list(s.db.Conn(ctx).Model(&unitRow{}).Where("id IN ?", part), unitRow.unit)
		if err != nil {
			return nil, err
		}
		for _, u := range rows {
			out[u.AllianceID] = true
		}
	}
	return slices.Sorted(maps.Keys(out)), nil
}

// orgNames fills in the names of units and branches; those that are gone stay empty.
func (s store) orgNames(ctx context.Context, units, branches map[id.ID]string) error {
	for table, names := range map[string]map[id.ID]string{"units": units, "branches": branches} {
		for part := range parts(slices.Collect(maps.Keys(names))) {
			var rows []struct {
				ID   id.ID
				Name string
			}
			if err := s.db.Conn(ctx).Table(table).Select("id, name").Where("id IN ?", part).Find(&rows).Error; err != nil {
				return db.Unavailable(err)
			}
			for _, r := range rows {
				names[r.ID] = r.Name
			}
		}
	}
	return nil
}

// allianceNames gives the names of all alliances.
func (s store) allianceNames(ctx context.Context) (map[id.ID]string, error) {
	all, err := s.alliancesOf(ctx, 0)
	out := make(map[id.ID]string, len(all))
	for _, a := range all {
		out[a.ID] = a.Name
	}
	return out, err
}

// unitAt gives one unit as it stood at a moment.
func (s store) unitAt(ctx context.Context, unitID id.ID, at time.Time) (Unit, error) {
	units, err := s.unitsAt(ctx, actor.Scope{Units: []id.ID{unitID}}, at)
	if err != nil {
		return Unit{}, err
	}
	if len(units) == 0 {
		return Unit{}, errs.ErrNotFound
	}
	return units[0], nil
}
