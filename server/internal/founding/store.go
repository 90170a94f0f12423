package founding

import (
	"context"
	"encoding/json"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

type store struct{ db *db.DB }

type surveyRow struct {
	ID               id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID      id.ID
	Name             string
	Months           int
	Threshold        int
	CountedAt        *db.Time
	FoundedVersionID *id.ID
	CreatedBy        id.ID
	CreatedAt        db.Time
	UpdatedAt        db.Time `gorm:"autoUpdateTime:false"`
}

func (surveyRow) TableName() string { return "founding_surveys" }

func (r surveyRow) survey() Survey {
	s := Survey{ID: r.ID, Committee: r.CommitteeID, Name: r.Name, Months: r.Months, Threshold: r.Threshold,
		CountedAt: r.CountedAt.Std(), CreatedAt: r.CreatedAt.Time}
	if r.FoundedVersionID != nil {
		s.Version = *r.FoundedVersionID
	}
	return s
}

var unitPlaces = db.Columns{Committee: "units.committee_id", Alliance: "units.alliance_id", Unit: "units.id"}

// seen narrows surveys to those that ask a unit of the scope, or belong to a committee of it.
func (s store) seen(ctx context.Context, scope actor.Scope) *gorm.DB {
	q := s.db.Conn(ctx).Model(&surveyRow{})
	if scope.All {
		return q
	}
	units := db.Within(s.db.Conn(ctx).Table("units").Select("units.committee_id"), scope, unitPlaces)
	if len(scope.Committees) == 0 {
		return q.Where("committee_id IN (?)", units)
	}
	return q.Where("(committee_id IN ? OR committee_id IN (?))", scope.Committees, units)
}

func (s store) surveys(ctx context.Context, scope actor.Scope, committee id.ID) ([]Survey, error) {
	q := s.seen(ctx, scope)
	if committee != 0 {
		q = q.Where("committee_id = ?", committee)
	}
	var rows []surveyRow
	err := q.Order("id DESC").Find(&rows).Error
	out := make([]Survey, len(rows))
	for i, r := range rows {
		out[i] = r.survey()
	}
	return out, db.Unavailable(err)
}

func (s store) survey(ctx context.Context, scope actor.Scope, surveyID id.ID) (Survey, error) {
	var r surveyRow
	err := s.seen(ctx, scope).Where("id = ?", surveyID).Take(&r).Error
	return r.survey(), db.NotFound(err)
}

func (s store) insertSurvey(ctx context.Context, v Survey, by id.ID, now db.Time) error {
	return taken(s.db.Conn(ctx).Create(&surveyRow{ID: v.ID, CommitteeID: v.Committee, Name: v.Name, Months: v.Months,
		Threshold: v.Threshold, CreatedBy: by, CreatedAt: now, UpdatedAt: now}).Error)
}

// updateSurvey writes the columns of a survey that is locked.
func (s store) updateSurvey(ctx context.Context, v Survey, now db.Time) error {
	return taken(s.db.Conn(ctx).Model(&surveyRow{}).Where("id = ?", v.ID).Updates(map[string]any{
		"name": v.Name, "months": v.Months, "threshold": v.Threshold, "counted_at": db.AtPtr(v.CountedAt), "updated_at": now}).Error)
}

// lockSurvey lets nobody else change an open survey before the end of the transaction; ErrFounded when it is closed.
func (s store) lockSurvey(ctx context.Context, surveyID id.ID) error {
	var r surveyRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", surveyID).Take(&r).Error
	if err == nil && r.FoundedVersionID != nil {
		return ErrFounded
	}
	return db.NotFound(err)
}

// found closes a survey with a version; the first of several wins.
func (s store) found(ctx context.Context, v Version, now db.Time) (bool, error) {
	r := s.db.Conn(ctx).Model(&surveyRow{}).Where("id = ? AND founded_version_id IS NULL", v.Survey).
		Updates(map[string]any{"founded_version_id": v.ID, "updated_at": now})
	return r.RowsAffected == 1, db.Unavailable(r.Error)
}

type entryRow struct {
	SurveyID       id.ID `gorm:"primaryKey;autoIncrement:false"`
	UnitID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID    id.ID
	Revision       int
	OwnBranch      *int
	RegularTyped   *int
	TypedBy        *id.ID
	TypedAt        *db.Time
	RegularCounted *int
	Address        string
	Street         string
	LatE6          *int `gorm:"column:lat_e6"`
	LngE6          *int `gorm:"column:lng_e6"`
	WorkLine       string
	FilledBy       *id.ID
	FilledAt       *db.Time
}

func (entryRow) TableName() string { return "founding_entries" }

// asked is a unit with its entry, which may be missing.
type asked struct {
	Entry        entryRow `gorm:"embedded"`
	AskedID      id.ID
	UnitName     string
	CommitteeOf  id.ID
	AllianceID   *id.ID
	AllianceName *string
	LeadUnitID   *id.ID
}

func (a asked) row() Row {
	e := a.Entry
	r := Row{Unit: a.AskedID, Committee: a.CommitteeOf, Name: a.UnitName, Counted: e.RegularCounted, Revision: e.Revision,
		TypedAt: e.TypedAt.Std(), UpdatedAt: e.FilledAt.Std(),
		Answers: Answers{Regular: e.RegularTyped, Address: e.Address, Street: e.Street, Line: Line(e.WorkLine)}}
	if a.AllianceID != nil {
		r.Alliance = *a.AllianceID
	}
	if a.AllianceName != nil {
		r.AllianceName = *a.AllianceName
	}
	r.Leads = a.LeadUnitID != nil && *a.LeadUnitID == a.AskedID
	if e.TypedBy != nil {
		r.TypedBy = *e.TypedBy
	}
	if e.OwnBranch != nil {
		own := *e.OwnBranch == 1
		r.OwnBranch = &own
	}
	if e.LatE6 != nil && e.LngE6 != nil {
		r.Spot = &Spot{LatE6: *e.LatE6, LngE6: *e.LngE6}
	}
	return r
}

// rows gives the units that a survey asks, in the order in which the ledger got them; of one unit when it is given.
func (s store) rows(ctx context.Context, scope actor.Scope, v Survey, unit id.ID) ([]Row, error) {
	q := s.db.Conn(ctx).Table("units").Select("founding_entries.revision, founding_entries.own_branch, founding_entries.regular_typed, "+
		"founding_entries.typed_by, founding_entries.typed_at, founding_entries.regular_counted, COALESCE(founding_entries.address, '') AS address, "+
		"COALESCE(founding_entries.street, '') AS street, founding_entries.lat_e6, founding_entries.lng_e6, "+
		"COALESCE(founding_entries.work_line, '') AS work_line, founding_entries.filled_at, units.id AS asked_id, units.name AS unit_name, "+
		"units.committee_id AS committee_of, units.alliance_id, alliances.name AS alliance_name, alliances.lead_unit_id").
		Joins("LEFT JOIN founding_entries ON founding_entries.unit_id = units.id AND founding_entries.survey_id = ?", v.ID).
		Joins("LEFT JOIN alliances ON alliances.id = units.alliance_id").
		Where("units.committee_id = ?", v.Committee)
	if unit != 0 {
		q = q.Where("units.id = ?", unit)
	}
	var found []asked
	err := db.Within(q, scope, unitPlaces).Order("units.id").Scan(&found).Error
	out := make([]Row, len(found))
	for i, a := range found {
		out[i] = a.row()
	}
	return out, db.Unavailable(err)
}

// ensure makes the entries of units that have none yet.
func (s store) ensure(ctx context.Context, v Survey, units []id.ID) error {
	rows := make([]entryRow, len(units))
	for i, u := range units {
		rows[i] = entryRow{SurveyID: v.ID, UnitID: u, CommitteeID: v.Committee}
	}
	if len(rows) == 0 {
		return nil
	}
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&rows, 24).Error)
}

// fill writes what was filled in over the entry of that revision; false when somebody else was faster.
func (s store) fill(ctx context.Context, surveyID id.ID, r Row, by id.ID, now db.Time) (bool, error) {
	set := map[string]any{"revision": r.Revision + 1, "own_branch": nil, "regular_typed": r.Regular, "typed_by": nil, "typed_at": db.AtPtr(r.TypedAt),
		"address": r.Address, "street": r.Street, "lat_e6": nil, "lng_e6": nil, "work_line": string(r.Line), "filled_by": by, "filled_at": now}
	if r.TypedBy != 0 {
		set["typed_by"] = r.TypedBy
	}
	if r.OwnBranch != nil {
		set["own_branch"] = of(*r.OwnBranch)
	}
	if r.Spot != nil {
		set["lat_e6"], set["lng_e6"] = r.Spot.LatE6, r.Spot.LngE6
	}
	q := s.db.Conn(ctx).Model(&entryRow{}).Where("survey_id = ? AND unit_id = ? AND revision = ?", surveyID, r.Unit, r.Revision).Updates(set)
	return q.RowsAffected == 1, db.Unavailable(q.Error)
}

// count writes the regular participants by attendance; nil where there was nothing to count.
func (s store) count(ctx context.Context, surveyID, unit id.ID, n *int) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&entryRow{}).Where("survey_id = ? AND unit_id = ?", surveyID, unit).
		Updates(map[string]any{"regular_counted": n}).Error)
}

// taken reports ErrNameTaken for a broken unique key.
func taken(err error) error {
	if db.IsDuplicate(err) {
		return errs.Wrap(ErrNameTaken, err)
	}
	return db.Unavailable(err)
}

func pack(v any) ([]byte, error) { return json.Marshal(v) }
