package ledger

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

type columnRow struct {
	ID           id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID  id.ID
	Name         string
	Form         string
	Kind         ColumnKind
	Choices      string
	Purpose      string
	SortNo       int
	LiaisonEdits bool
	MemberSees   bool
	CreatedAt    db.Time
	UpdatedAt    db.Time `gorm:"autoUpdateTime:false"`
	RetiredAt    *db.Time
}

func (columnRow) TableName() string { return "custom_columns" }

// changeableColumn are the columns that a change of a definition may touch.
var changeableColumn = []string{"name", "form", "choices", "purpose", "sort_no", "liaison_edits", "member_sees", "updated_at", "retired_at"}

func (r columnRow) column() Column {
	c := Column{ID: r.ID, CommitteeID: r.CommitteeID, Name: r.Name, Kind: r.Kind, Purpose: r.Purpose, SortNo: r.SortNo,
		LiaisonEdits: r.LiaisonEdits, MemberSees: r.MemberSees, CreatedAt: r.CreatedAt.Time, RetiredAt: r.RetiredAt.Std()}
	if r.Choices != "" {
		_ = json.Unmarshal([]byte(r.Choices), &c.Choices) // written by rowOfColumn
	}
	return c
}

func rowOfColumn(c Column, now db.Time) columnRow {
	r := columnRow{ID: c.ID, CommitteeID: c.CommitteeID, Name: c.Name, Form: TitleForm(c.Name), Kind: c.Kind, Purpose: c.Purpose,
		SortNo: c.SortNo, LiaisonEdits: c.LiaisonEdits, MemberSees: c.MemberSees, CreatedAt: now, UpdatedAt: now, RetiredAt: db.AtPtr(c.RetiredAt)}
	if len(c.Choices) > 0 {
		text, err := json.Marshal(c.Choices)
		if err != nil {
			panic(err) // texts only: this cannot happen
		}
		r.Choices = string(text)
	}
	return r
}

// columnsOf gives all columns of committees in their order, retired ones too.
func (s store) columnsOf(ctx context.Context, committees ...id.ID) ([]Column, error) {
	return list(s.db.Conn(ctx).Where("committee_id IN ?", committees).Order("committee_id, sort_no, id"), columnRow.column)
}

// column gives a column of a committee in sight.
func (s store) column(ctx context.Context, scope actor.Scope, columnID id.ID) (Column, error) {
	var r columnRow
	if err := s.db.Conn(ctx).Where("id = ?", columnID).Take(&r).Error; err != nil {
		return Column{}, db.NotFound(err)
	}
	_, err := s.committee(ctx, scope, r.CommitteeID)
	return r.column(), err
}

// columnNames names columns of any committee, retired ones too.
func (s store) columnNames(ctx context.Context, names map[id.ID]Column) error {
	for part := range parts(slices.Sorted(maps.Keys(names))) {
		found, err := list(s.db.Conn(ctx).Where("id IN ?", part), columnRow.column)
		if err != nil {
			return err
		}
		for _, c := range found {
			names[c.ID] = c
		}
	}
	return nil
}

func columnTaken(err error) error {
	if db.IsDuplicate(err) {
		return errs.Wrap(ErrColumnTaken, err)
	}
	return db.Unavailable(err)
}

func (s store) insertColumn(ctx context.Context, c Column, now db.Time) error {
	r := rowOfColumn(c, now)
	return columnTaken(s.db.Conn(ctx).Create(&r).Error)
}

func (s store) updateColumn(ctx context.Context, c Column, now db.Time) error {
	r := rowOfColumn(c, now)
	return columnTaken(s.db.Conn(ctx).Model(&columnRow{}).Where("id = ?", c.ID).Select(changeableColumn).Updates(&r).Error)
}

// eachOwn hands on what columns of a committee's own hold, person by person.
func (s store) eachOwn(ctx context.Context, committeeID id.ID, see func(Record)) error {
	for after := id.ID(0); ; {
		var rows []struct {
			ID        id.ID
			CustomEnc []byte
		}
		err := s.db.Conn(ctx).Table("persons").Joins("JOIN units ON units.id = persons.unit_id").Select("persons.id, persons.custom_enc").
			Where("units.committee_id = ? AND persons.id > ? AND persons.custom_enc IS NOT NULL", committeeID, after).
			Order("persons.id").Limit(2000).Find(&rows).Error
		if err != nil {
			return db.Unavailable(err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, r := range rows {
			text, err := s.box.OpenString(r.CustomEnc, customContext)
			if err != nil {
				return err
			}
			see(Record{ID: r.ID, Custom: text})
		}
		after = rows[len(rows)-1].ID
	}
}
