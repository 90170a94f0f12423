package founding

import (
	"context"
	"encoding/json"
	"fmt"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

type draftRow struct {
	SurveyID    id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID id.ID
	Revision    int
	Arrangement []byte // JSON of []Group
	UpdatedBy   id.ID
	UpdatedAt   db.Time `gorm:"autoUpdateTime:false"`
}

func (draftRow) TableName() string { return "founding_drafts" }

type versionRow struct {
	ID          id.ID `gorm:"primaryKey;autoIncrement:false"`
	SurveyID    id.ID
	CommitteeID id.ID
	Name        string
	Board       []byte // JSON of Board
	CreatedBy   id.ID
	CreatedAt   db.Time
}

func (versionRow) TableName() string { return "founding_versions" }

func (r versionRow) version() (Version, error) {
	v := Version{ID: r.ID, Survey: r.SurveyID, Committee: r.CommitteeID, Name: r.Name, By: r.CreatedBy, At: r.CreatedAt.Time}
	if err := json.Unmarshal(r.Board, &v.Board); err != nil {
		return Version{}, fmt.Errorf("founding: version %d: %w", r.ID, err)
	}
	return v, nil
}

type foundingRow struct {
	AllianceID  id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID id.ID
	SurveyID    id.ID
	VersionID   id.ID
	Number      int
	DocumentNo  string
	FoundedOn   string
	Reference   string
	FoundedBy   id.ID
	FoundedAt   db.Time
}

func (foundingRow) TableName() string { return "foundings" }

var own = db.Columns{Committee: "committee_id"}

// draft gives the arrangement of a survey, or ErrNoDraft.
func (s store) draft(ctx context.Context, surveyID id.ID) (Draft, error) {
	var r draftRow
	err := s.db.Conn(ctx).Where("survey_id = ?", surveyID).Take(&r).Error
	if db.IsNotFound(err) {
		return Draft{}, ErrNoDraft
	}
	if err != nil {
		return Draft{}, db.Unavailable(err)
	}
	d := Draft{Survey: r.SurveyID, Committee: r.CommitteeID, Revision: r.Revision}
	if err := json.Unmarshal(r.Arrangement, &d.Groups); err != nil {
		return Draft{}, fmt.Errorf("founding: draft of %d: %w", surveyID, err)
	}
	return d, nil
}

func (s store) insertDraft(ctx context.Context, d Draft, by id.ID, now db.Time) error {
	text, err := pack(d.Groups)
	if err != nil {
		return err
	}
	err = s.db.Conn(ctx).Create(&draftRow{SurveyID: d.Survey, CommitteeID: d.Committee, Revision: d.Revision, Arrangement: text, UpdatedBy: by, UpdatedAt: now}).Error
	if db.IsDuplicate(err) {
		return errs.Wrap(ErrStale, err)
	}
	return db.Unavailable(err)
}

// updateDraft writes over the draft of d's revision and counts it up; false when somebody else was faster.
func (s store) updateDraft(ctx context.Context, d Draft, by id.ID, now db.Time) (bool, error) {
	text, err := pack(d.Groups)
	if err != nil {
		return false, err
	}
	r := s.db.Conn(ctx).Model(&draftRow{}).Where("survey_id = ? AND revision = ?", d.Survey, d.Revision).
		Updates(map[string]any{"revision": d.Revision + 1, "arrangement": text, "updated_by": by, "updated_at": now})
	return r.RowsAffected == 1, db.Unavailable(r.Error)
}

func (s store) insertVersion(ctx context.Context, v Version, now db.Time) error {
	text, err := pack(v.Board)
	if err != nil {
		return err
	}
	return taken(s.db.Conn(ctx).Create(&versionRow{ID: v.ID, SurveyID: v.Survey, CommitteeID: v.Committee, Name: v.Name, Board: text, CreatedBy: v.By, CreatedAt: now}).Error)
}

func (s store) versions(ctx context.Context, surveyID id.ID) ([]Version, error) {
	var rows []versionRow
	if err := s.db.Conn(ctx).Where("survey_id = ?", surveyID).Order("id DESC").Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Version, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.version(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s store) version(ctx context.Context, scope actor.Scope, versionID id.ID) (Version, error) {
	var r versionRow
	if err := db.Within(s.db.Conn(ctx), scope, own).Where("id = ?", versionID).Take(&r).Error; err != nil {
		return Version{}, db.NotFound(err)
	}
	return r.version()
}

func (s store) insertFounding(ctx context.Context, f Founding, number int, now db.Time) error {
	return taken(s.db.Conn(ctx).Create(&foundingRow{AllianceID: f.Alliance, CommitteeID: f.Committee, SurveyID: f.Survey, VersionID: f.Version, Number: number,
		DocumentNo: f.DocumentNo, FoundedOn: f.FoundedOn, Reference: f.Reference, FoundedBy: f.By, FoundedAt: now}).Error)
}

func (s store) foundings(ctx context.Context, surveyID id.ID) ([]Founding, error) {
	var rows []struct {
		Row        foundingRow `gorm:"embedded"`
		Name       string
		LeadUnitID *id.ID
		Units      int
	}
	err := s.db.Conn(ctx).Table("foundings").Select("foundings.*, alliances.name, alliances.lead_unit_id, "+
		"(SELECT COUNT(*) FROM units WHERE units.alliance_id = alliances.id) AS units").
		Joins("JOIN alliances ON alliances.id = foundings.alliance_id").Where("foundings.survey_id = ?", surveyID).Order("foundings.number").Scan(&rows).Error
	out := make([]Founding, len(rows))
	for i, r := range rows {
		out[i] = Founding{Alliance: r.Row.AllianceID, Committee: r.Row.CommitteeID, Survey: r.Row.SurveyID, Version: r.Row.VersionID, Name: r.Name, Units: r.Units,
			Order: Order{DocumentNo: r.Row.DocumentNo, FoundedOn: r.Row.FoundedOn, Reference: r.Row.Reference}, By: r.Row.FoundedBy, At: r.Row.FoundedAt.Time}
		if r.LeadUnitID != nil {
			out[i].Lead = *r.LeadUnitID
		}
	}
	return out, db.Unavailable(err)
}
