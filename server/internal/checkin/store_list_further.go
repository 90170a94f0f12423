package checkin

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// allLists gives the lists of an activity, those that were removed included.
func (s store) allLists(ctx context.Context, activity id.ID) ([]List, error) {
	var rows []listRow
	err := s.db.Conn(ctx).Where("activity_id = ?", activity).Order("id").Find(&rows).Error
	out := make([]List, len(rows))
	for i, r := range rows {
		out[i] = r.list()
	}
	return out, db.Unavailable(err)
}

// nameTaken tells a name that somebody else has just given.
func nameTaken(err error) error {
	if db.IsDuplicate(err) {
		return ErrListName
	}
	return db.Unavailable(err)
}

// changeList writes kind, name and window; a list that was removed stays so.
func (s store) changeList(ctx context.Context, l List) error {
	return nameTaken(s.db.Conn(ctx).Model(&listRow{}).Where("id = ?", l.ID).Updates(map[string]any{
		"kind": string(l.Kind), "name": l.Name, "opens_at": db.At(l.OpensAt), "closes_at": db.At(l.ClosesAt), "own_window": number(l.OwnWindow)}).Error)
}

// removeList hides a list; bringBack shows it again.
func (s store) removeList(ctx context.Context, list id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&listRow{}).Where("id = ?", list).Updates(map[string]any{"removed_at": db.At(now)}).Error)
}

func (s store) bringBack(ctx context.Context, list id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&listRow{}).Where("id = ?", list).Updates(map[string]any{"removed_at": nil}).Error)
}

// used counts who is on a list.
func (s store) used(ctx context.Context, list id.ID) (n int64, err error) {
	err = s.db.Conn(ctx).Model(&recordRow{}).Where("list_id = ?", list).Count(&n).Error
	return n, db.Unavailable(err)
}

// mainList gives the list that every activity has.
func (s store) mainList(ctx context.Context, activity id.ID) (List, error) {
	var r listRow
	err := s.db.Conn(ctx).Where("activity_id = ? AND name = ?", activity, DefaultList).Take(&r).Error
	return r.list(), db.NotFound(err)
}

type busRow struct {
	ActivityID id.ID `gorm:"primaryKey;autoIncrement:false"`
	PersonID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	Bus        int
	SeatedBy   id.ID
	SeatedAt   db.Time
}

func (busRow) TableName() string { return "activity_buses" }

// buses gives who rides on which bus.
func (s store) buses(ctx context.Context, activity id.ID) (map[id.ID]int, error) {
	var rows []busRow
	err := s.db.Conn(ctx).Where("activity_id = ?", activity).Find(&rows).Error
	out := make(map[id.ID]int, len(rows))
	for _, r := range rows {
		out[r.PersonID] = r.Bus
	}
	return out, db.Unavailable(err)
}

// seat puts persons on a bus, whichever they had; 0 takes them off.
func (s store) seat(ctx context.Context, activity id.ID, bus int, persons []id.ID, by id.ID, now time.Time) error {
	for part := range slices.Chunk(persons, chunk) {
		var err error
		if bus == 0 {
			err = s.db.Conn(ctx).Where("activity_id = ? AND person_id IN ?", activity, part).Delete(&busRow{}).Error
		} else {
			rows := make([]busRow, len(part))
			for i, p := range part {
				rows[i] = busRow{ActivityID: activity, PersonID: p, Bus: bus, SeatedBy: by, SeatedAt: db.At(now)}
			}
			err = s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "activity_id"}, {Name: "person_id"}},
				DoUpdates: clause.AssignmentColumns([]string{"bus", "seated_by", "seated_at"})}).Create(&rows).Error
		}
		if err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

type numberRow struct {
	ActivityID id.ID `gorm:"primaryKey;autoIncrement:false"`
	PersonID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	No         int
}

func (numberRow) TableName() string { return "activity_numbers" }

// numbers gives the numbers of the printed sheet.
func (s store) numbers(ctx context.Context, activity id.ID) (map[id.ID]int, error) {
	var rows []numberRow
	err := s.db.Conn(ctx).Where("activity_id = ?", activity).Find(&rows).Error
	out := make(map[id.ID]int, len(rows))
	for _, r := range rows {
		out[r.PersonID] = r.No
	}
	return out, db.Unavailable(err)
}

// addNumbers writes numbers; where a person or a number is taken by now, it leaves that alone.
func (s store) addNumbers(ctx context.Context, activity id.ID, numbers map[id.ID]int) error {
	rows := make([]numberRow, 0, len(numbers))
	for person, no := range numbers {
		rows = append(rows, numberRow{ActivityID: activity, PersonID: person, No: no})
	}
	slices.SortFunc(rows, func(a, b numberRow) int { return a.No - b.No })
	for part := range slices.Chunk(rows, chunk) {
		if err := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&part).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}
