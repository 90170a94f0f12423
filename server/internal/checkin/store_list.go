package checkin

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type listRow struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	ActivityID id.ID
	Name       string
	OpensAt    db.Time
	ClosesAt   db.Time
	CreatedAt  db.Time
	Kind       string
	OwnWindow  int
	RemovedAt  *db.Time
}

func (listRow) TableName() string { return "checkin_lists" }

func (r listRow) list() List {
	return List{ID: r.ID, Activity: r.ActivityID, Kind: ListKind(r.Kind), Name: r.Name, OpensAt: r.OpensAt.Time, ClosesAt: r.ClosesAt.Time,
		OwnWindow: r.OwnWindow != 0}
}

func (s store) insertList(ctx context.Context, l List, now time.Time) error {
	r := listRow{ID: l.ID, ActivityID: l.Activity, Name: l.Name, OpensAt: db.At(l.OpensAt), ClosesAt: db.At(l.ClosesAt), CreatedAt: db.At(now),
		Kind: string(l.Kind), OwnWindow: number(l.OwnWindow)}
	return nameTaken(s.db.Conn(ctx).Create(&r).Error)
}

func (s store) list(ctx context.Context, listID id.ID) (List, error) {
	var r listRow
	err := s.db.Conn(ctx).Where("id = ?", listID).Take(&r).Error
	return r.list(), db.NotFound(err)
}

// lists gives the lists of activities, the first made first: that is the main one. A list that was
// removed is hidden unless somebody is on it.
func (s store) lists(ctx context.Context, activities []id.ID) ([]List, error) {
	if len(activities) == 0 {
		return nil, nil
	}
	var rows []listRow
	err := s.db.Conn(ctx).Where("activity_id IN ?", activities).
		Where("removed_at IS NULL OR EXISTS (SELECT 1 FROM checkins AS c WHERE c.list_id = checkin_lists.id)").Order("id").Find(&rows).Error
	out := make([]List, len(rows))
	for i, r := range rows {
		out[i] = r.list()
	}
	return out, db.Unavailable(err)
}

// presentCounts counts who is on the main list of each activity.
func (s store) presentCounts(ctx context.Context, activities []id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	if len(activities) == 0 {
		return out, nil
	}
	var rows []struct {
		ActivityID id.ID
		N          int
	}
	err := s.db.Conn(ctx).Table("checkin_lists AS l").Joins("JOIN checkins AS c ON c.list_id = l.id").
		Select("l.activity_id, COUNT(*) AS n").Where("l.activity_id IN ? AND l.name = ?", activities, DefaultList).
		Group("l.activity_id").Scan(&rows).Error
	for _, r := range rows {
		out[r.ActivityID] = r.N
	}
	return out, db.Unavailable(err)
}

// presentAt tells since when persons are on the main lists of activities.
func (s store) presentAt(ctx context.Context, activities, persons []id.ID) (map[id.ID]map[id.ID]time.Time, error) {
	out := map[id.ID]map[id.ID]time.Time{}
	if len(activities) == 0 {
		return out, nil
	}
	for part := range slices.Chunk(persons, chunk) {
		var rows []struct {
			ActivityID id.ID
			PersonID   id.ID
			HappenedAt db.Time
		}
		err := s.db.Conn(ctx).Table("checkin_lists AS l").Joins("JOIN checkins AS c ON c.list_id = l.id").
			Select("l.activity_id, c.person_id, c.happened_at").
			Where("l.activity_id IN ? AND l.name = ? AND c.person_id IN ?", activities, DefaultList, part).Scan(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			if out[r.ActivityID] == nil {
				out[r.ActivityID] = map[id.ID]time.Time{}
			}
			out[r.ActivityID][r.PersonID] = r.HappenedAt.Time
		}
	}
	return out, nil
}

// conflictRow is an attempt that a door had accepted offline while another door had accepted the same
// person already. The presence stays one; the second acceptance is kept for the liaison.
type conflictRow struct {
	ListID     id.ID  `gorm:"primaryKey;autoIncrement:false"`
	PersonID   id.ID  `gorm:"primaryKey;autoIncrement:false"`
	AttemptID  []byte `gorm:"primaryKey;autoIncrement:false"`
	Door       string
	HappenedAt db.Time
	RecordedAt db.Time
	RecordedBy id.ID
}

func (conflictRow) TableName() string { return "checkin_conflicts" }

func (s store) addConflicts(ctx context.Context, list []Record) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]conflictRow, len(list))
	for i, r := range list {
		rows[i] = conflictRow{ListID: r.List, PersonID: r.Person, AttemptID: r.Attempt[:], Door: string(r.Door),
			HappenedAt: db.At(r.Happened), RecordedAt: db.At(r.Recorded), RecordedBy: r.By}
	}
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error)
}

// conflicts gives the second acceptances on a list, of some persons or (nil) of all, earliest first.
func (s store) conflicts(ctx context.Context, list id.ID, persons []id.ID) (map[id.ID][]Record, error) {
	q := s.db.Conn(ctx).Where("list_id = ?", list)
	if persons != nil {
		q = q.Where("person_id IN ?", persons)
	}
	var rows []conflictRow
	if err := q.Order("person_id, happened_at").Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := map[id.ID][]Record{}
	for _, r := range rows {
		c := Record{List: r.ListID, Person: r.PersonID, Door: Door(r.Door), Happened: r.HappenedAt.Time, Recorded: r.RecordedAt.Time, By: r.RecordedBy}
		copy(c.Attempt[:], r.AttemptID)
		out[r.PersonID] = append(out[r.PersonID], c)
	}
	return out, nil
}
