package roster

import (
	"context"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// mappingRow is what a title means in a committee's files.
type mappingRow struct {
	CommitteeID id.ID  `gorm:"primaryKey;autoIncrement:false"`
	Title       string `gorm:"primaryKey"`
	ColumnKey   string
	UpdatedBy   id.ID
	UpdatedAt   db.Time `gorm:"autoUpdateTime:false"`
}

func (mappingRow) TableName() string { return "import_mappings" }

func (s store) titles(ctx context.Context, committeeID id.ID) (Titles, error) {
	var rows []mappingRow
	if err := s.db.Conn(ctx).Where("committee_id = ?", committeeID).Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := Titles{}
	for _, r := range rows {
		out[r.Title] = r.ColumnKey
	}
	return out, nil
}

func (s store) explain(ctx context.Context, committeeID id.ID, list []Meaning, by id.ID, now db.Time) error {
	for _, m := range list {
		r := mappingRow{CommitteeID: committeeID, Title: TitleForm(m.Title), ColumnKey: m.Column, UpdatedBy: by, UpdatedAt: now}
		err := s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "committee_id"}, {Name: "title"}},
			DoUpdates: clause.AssignmentColumns([]string{"column_key", "updated_by", "updated_at"})}).Create(&r).Error
		if err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

// choiceRow is what a clerk decided about a column of an item; those that are taken have none.
type choiceRow struct {
	ImportID id.ID  `gorm:"primaryKey;autoIncrement:false"`
	Item     int    `gorm:"primaryKey;autoIncrement:false"`
	Field    string `gorm:"primaryKey"`
	Choice   Choice
	ChosenBy id.ID
	ChosenAt db.Time
}

func (choiceRow) TableName() string { return "import_choices" }

func (s store) choices(ctx context.Context, importID id.ID) (Choices, error) {
	var rows []choiceRow
	if err := s.db.Conn(ctx).Where("import_id = ?", importID).Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := Choices{}
	for _, r := range rows {
		if out[r.Item] == nil {
			out[r.Item] = map[string]Choice{}
		}
		out[r.Item][r.Field] = r.Choice
	}
	return out, nil
}

func (s store) choose(ctx context.Context, importID id.ID, list []ChoiceOf, by id.ID, now db.Time) error {
	for _, c := range list {
		r := choiceRow{ImportID: importID, Item: c.Item, Field: c.Field, Choice: c.Choice, ChosenBy: by, ChosenAt: now}
		err := s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "import_id"}, {Name: "item"}, {Name: "field"}},
			DoUpdates: clause.AssignmentColumns([]string{"choice", "chosen_by", "chosen_at"})}).Create(&r).Error
		if err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

func (s store) forgetChoices(ctx context.Context, importID id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Where("import_id = ?", importID).Delete(&choiceRow{}).Error)
}
