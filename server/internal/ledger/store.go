package ledger

import (
	"context"
	"iter"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// batch bounds the rows of one statement and the values of one IN.
const batch = 500

// rowsAtOnce bounds the rows of one insert. SQLite's driver searches all parameters for each of
// them: 20 statements of 1000 are ten times faster than one of 20000.
func rowsAtOnce(q *gorm.DB) int {
	if q.Name() == "sqlite" {
		return 24
	}
	return batch
}

type store struct {
	db  *db.DB
	box *crypt.Box
}

// everywhere is the scope of callers that have checked already.
var everywhere = actor.Scope{All: true}

type committeeRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	ParentID  *id.ID
	Name      string
	CreatedAt db.Time
}

func (committeeRow) TableName() string { return "committees" }

func (r committeeRow) committee() Committee {
	return Committee{ID: r.ID, ParentID: orZero(r.ParentID), Name: r.Name}
}

type allianceRow struct {
	ID          id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID id.ID
	Name        string
	LeadUnitID  *id.ID
	Basis       string
	Venue       string
	GroupName   string
	CreatedAt   db.Time
	UpdatedAt   db.Time `gorm:"autoUpdateTime:false"`
}

func (allianceRow) TableName() string { return "alliances" }

func (r allianceRow) alliance() Alliance {
	return Alliance{ID: r.ID, CommitteeID: r.CommitteeID, Name: r.Name, LeadUnitID: orZero(r.LeadUnitID),
		Basis: r.Basis, Venue: r.Venue, GroupName: r.GroupName}
}

type unitRow struct {
	ID          id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID id.ID
	AllianceID  *id.ID
	Name        string
	Venue       string
	CreatedAt   db.Time
	UpdatedAt   db.Time `gorm:"autoUpdateTime:false"`
}

func (unitRow) TableName() string { return "units" }

func (r unitRow) unit() Unit {
	return Unit{ID: r.ID, CommitteeID: r.CommitteeID, AllianceID: orZero(r.AllianceID), Name: r.Name, Venue: r.Venue}
}

type branchRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	UnitID    id.ID
	Name      string
	CreatedAt db.Time
}

func (branchRow) TableName() string { return "branches" }

func (r branchRow) branch() Branch { return Branch{ID: r.ID, UnitID: r.UnitID, Name: r.Name} }

func (s store) committees(ctx context.Context, scope actor.Scope) ([]Committee, error) {
	q := s.db.Conn(ctx).Model(&committeeRow{})
	if !scope.All {
		// somebody of an alliance sees the committee above it
		q = q.Where("(id IN ? OR id IN (SELECT committee_id FROM alliances WHERE id IN ?))",
			orNone(scope.Committees), orNone(scope.Alliances))
	}
	return list(q.Order("id"), committeeRow.committee)
}

func (s store) committee(ctx context.Context, scope actor.Scope, committeeID id.ID) (Committee, error) {
	all, err := s.committees(ctx, scope)
	if err != nil {
		return Committee{}, err
	}
	for _, c := range all {
		if c.ID == committeeID {
			return c, nil
		}
	}
	return Committee{}, errs.ErrNotFound
}

func (s store) committeeByName(ctx context.Context, name string) (Committee, error) {
	var r committeeRow
	err := s.db.Conn(ctx).Where("name = ?", name).Take(&r).Error
	return r.committee(), db.NotFound(err)
}

func (s store) committeeTree(ctx context.Context, root id.ID) ([]id.ID, error) {
	tree, level := []id.ID{root}, []id.ID{root}
	for len(level) > 0 {
		var next []id.ID
		err := s.db.Conn(ctx).Model(&committeeRow{}).Where("parent_id IN ?", level).Order("id").Pluck("id", &next).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		level = slices.DeleteFunc(next, func(v id.ID) bool { return slices.Contains(tree, v) })
		tree = append(tree, level...)
	}
	return tree, nil
}

// lockCommittee makes the committee's row the lock for everything that must stay unique in it.
func (s store) lockCommittee(ctx context.Context, committeeID id.ID) error {
	var r committeeRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", committeeID).Take(&r).Error
	return db.NotFound(err)
}

// lockCommittees makes the oldest committee the lock for the tree of all.
func (s store) lockCommittees(ctx context.Context) error {
	var r committeeRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Order("id").Limit(1).Take(&r).Error
	return db.NotFound(err)
}

func (s store) updateCommittee(ctx context.Context, c Committee) error {
	r := committeeRow{Name: c.Name, ParentID: orNull(c.ParentID)}
	return taken(s.db.Conn(ctx).Model(&committeeRow{}).Where("id = ?", c.ID).Select("name", "parent_id").Updates(&r).Error)
}

func (s store) insertCommittee(ctx context.Context, c Committee, now db.Time) error {
	return insert(s.db.Conn(ctx), &committeeRow{ID: c.ID, ParentID: orNull(c.ParentID), Name: c.Name, CreatedAt: now})
}

var alliancePlaces = db.Columns{Committee: "alliances.committee_id", Alliance: "alliances.id"}

func (s store) alliances(ctx context.Context, scope actor.Scope) ([]Alliance, error) {
	q := db.Within(s.db.Conn(ctx).Model(&allianceRow{}), scope, alliancePlaces)
	return list(q.Order("id"), allianceRow.alliance)
}

func (s store) alliancesOf(ctx context.Context, committeeID id.ID) ([]Alliance, error) {
	q := s.db.Conn(ctx).Model(&allianceRow{})
	if committeeID != 0 {
		q = q.Where("committee_id = ?", committeeID)
	}
	return list(q.Order("id"), allianceRow.alliance)
}

func (s store) alliance(ctx context.Context, scope actor.Scope, allianceID id.ID) (Alliance, error) {
	var r allianceRow
	err := db.Within(s.db.Conn(ctx), scope, alliancePlaces).Where("alliances.id = ?", allianceID).Take(&r).Error
	return r.alliance(), db.NotFound(err)
}

func newAllianceRow(a Alliance, now db.Time) allianceRow {
	return allianceRow{ID: a.ID, CommitteeID: a.CommitteeID, Name: a.Name, LeadUnitID: orNull(a.LeadUnitID),
		Basis: a.Basis, Venue: a.Venue, GroupName: a.GroupName, CreatedAt: now, UpdatedAt: now}
}

func (s store) insertAlliances(ctx context.Context, list []Alliance, now db.Time) error {
	return insertAll(s.db.Conn(ctx), list, func(a Alliance) allianceRow { return newAllianceRow(a, now) })
}

// lockAlliance gives an alliance for changing; the row is the lock.
func (s store) lockAlliance(ctx context.Context, allianceID id.ID) (Alliance, error) {
	var r allianceRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", allianceID).Take(&r).Error
	return r.alliance(), db.NotFound(err)
}

func (s store) updateAlliance(ctx context.Context, a Alliance, now db.Time) error {
	r := newAllianceRow(a, now)
	err := s.db.Conn(ctx).Model(&allianceRow{}).Where("id = ?", a.ID).
		Select("name", "lead_unit_id", "basis", "venue", "group_name", "updated_at").Updates(&r).Error
	return taken(err)
}

var unitPlaces = db.Columns{Committee: "units.committee_id", Alliance: "units.alliance_id", Unit: "units.id"}

func (s store) units(ctx context.Context, scope actor.Scope, allianceID id.ID) ([]Unit, error) {
	q := db.Within(s.db.Conn(ctx).Model(&unitRow{}), scope, unitPlaces)
	if allianceID != 0 {
		q = q.Where("alliance_id = ?", allianceID)
	}
	return list(q.Order("id"), unitRow.unit)
}

func (s store) unitsOf(ctx context.Context, committeeID id.ID) ([]Unit, error) {
	return list(s.db.Conn(ctx).Model(&unitRow{}).Where("committee_id = ?", committeeID).Order("id"), unitRow.unit)
}

func (s store) unitsByName(ctx context.Context, committeeID id.ID, name string) ([]Unit, error) {
	q := s.db.Conn(ctx).Model(&unitRow{}).Where("name = ?", name)
	if committeeID != 0 {
		q = q.Where("committee_id = ?", committeeID)
	}
	return list(q.Order("id"), unitRow.unit)
}

func (s store) unit(ctx context.Context, scope actor.Scope, unitID id.ID) (Unit, error) {
	var r unitRow
	err := db.Within(s.db.Conn(ctx), scope, unitPlaces).Where("units.id = ?", unitID).Take(&r).Error
	return r.unit(), db.NotFound(err)
}

func newUnitRow(u Unit, now db.Time) unitRow {
	return unitRow{ID: u.ID, CommitteeID: u.CommitteeID, AllianceID: orNull(u.AllianceID), Name: u.Name, Venue: u.Venue, CreatedAt: now, UpdatedAt: now}
}

func (s store) insertUnits(ctx context.Context, list []Unit, now db.Time) error {
	return insertAll(s.db.Conn(ctx), list, func(u Unit) unitRow { return newUnitRow(u, now) })
}

func (s store) updateUnit(ctx context.Context, u Unit, now db.Time) error {
	r := newUnitRow(u, now)
	err := s.db.Conn(ctx).Model(&unitRow{}).Where("id = ?", u.ID).Select("name", "alliance_id", "updated_at").Updates(&r).Error
	return taken(err)
}

func (s store) branches(ctx context.Context, scope actor.Scope, unitID id.ID) ([]Branch, error) {
	q := s.db.Conn(ctx).Model(&branchRow{}).Joins("JOIN units ON units.id = branches.unit_id")
	if unitID != 0 {
		q = q.Where("branches.unit_id = ?", unitID)
	}
	return list(db.Within(q, scope, unitPlaces).Order("branches.id"), branchRow.branch)
}

func (s store) branchesOf(ctx context.Context, committeeID id.ID) ([]Branch, error) {
	q := s.db.Conn(ctx).Model(&branchRow{}).Joins("JOIN units ON units.id = branches.unit_id").
		Where("units.committee_id = ?", committeeID)
	return list(q.Order("branches.id"), branchRow.branch)
}

func (s store) insertBranches(ctx context.Context, list []Branch, now db.Time) error {
	return insertAll(s.db.Conn(ctx), list, func(b Branch) branchRow {
		return branchRow{ID: b.ID, UnitID: b.UnitID, Name: b.Name, CreatedAt: now}
	})
}

func list[R, T any](q *gorm.DB, of func(R) T) ([]T, error) {
	var rows []R
	if err := q.Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = of(r)
	}
	return out, nil
}

func insert(q *gorm.DB, row any) error { return taken(q.Create(row).Error) }

func insertAll[T, R any](q *gorm.DB, list []T, of func(T) R) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]R, len(list))
	for i, v := range list {
		rows[i] = of(v)
	}
	return taken(q.CreateInBatches(&rows, rowsAtOnce(q)).Error)
}

func taken(err error) error {
	if db.IsDuplicate(err) {
		return errs.Wrap(ErrNameTaken, err)
	}
	return db.Unavailable(err)
}

func orZero(p *id.ID) id.ID {
	if p == nil {
		return 0
	}
	return *p
}

func orNull(v id.ID) *id.ID {
	if v == 0 {
		return nil
	}
	return &v
}

// parts cuts a list into what one statement takes.
func parts[T any](all []T) iter.Seq[[]T] { return slices.Chunk(all, batch) }

// orNone keeps IN () legal: no row has the id 0.
func orNone(ids []id.ID) []id.ID {
	if len(ids) == 0 {
		return []id.ID{0}
	}
	return ids
}
