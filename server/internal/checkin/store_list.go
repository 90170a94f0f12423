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
}

func (listRow) TableName() string { return "checkin_lists" }

func (r listRow) list() List {
	return List{ID: r.ID, Activity: r.ActivityID, Name: r.Name, OpensAt: r.OpensAt.Time, ClosesAt: r.ClosesAt.Time}
}

func (s store) insertList(ctx context.Context, l List, now time.Time) error {
	r := listRow{ID: l.ID, ActivityID: l.Activity, Name: l.Name, OpensAt: db.At(l.OpensAt), ClosesAt: db.At(l.ClosesAt), CreatedAt: db.At(now)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// moveList gives the main list of an activity another window.
func (s store) moveList(ctx context.Context, activity id.ID, opens, closes time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&listRow{}).Where("activity_id = ? AND name = ?", activity, DefaultList).
		Updates(map[string]any{"opens_at": db.At(opens), "closes_at": db.At(closes)}).Error)
}

func (s store) list(ctx context.Context, listID id.ID) (List, error) {
	var r listRow
	err := s.db.Conn(ctx).Where("id = ?", listID).Take(&r).Error
	return r.list(), db.NotFound(err)
}

// lists gives the lists of activities, the first made first: that is the main one.
func (s store) lists(ctx context.Context, activities []id.ID) ([]List, error) {
	if len(activities) == 0 {
		return nil, nil
	}
	var rows []listRow
	err := s.db.Conn(ctx).Where("activity_id IN ?", activities).Order("id").Find(&rows).Error
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

type cardRow struct {
	Serial    string `gorm:"primaryKey;autoIncrement:false"`
	PersonID  id.ID
	IssuedBy  id.ID
	IssuedAt  db.Time
	RevokedAt *db.Time
	RevokedBy *id.ID
}

func (cardRow) TableName() string { return "cards" }

func (s store) insertCard(ctx context.Context, serial string, person, by id.ID, now time.Time) error {
	r := cardRow{Serial: serial, PersonID: person, IssuedBy: by, IssuedAt: db.At(now)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// card is what a serial stands for.
type card struct {
	Person  id.ID
	Revoked time.Time // zero: valid
}

func (s store) cards(ctx context.Context, serials []string) (map[string]card, error) {
	out := make(map[string]card, len(serials))
	for part := range slices.Chunk(serials, chunk) {
		var rows []cardRow
		if err := s.db.Conn(ctx).Where("serial IN ?", part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.Serial] = card{Person: r.PersonID, Revoked: r.RevokedAt.Std()}
		}
	}
	return out, nil
}

func (s store) revokeCard(ctx context.Context, serial string, by id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&cardRow{}).Where("serial = ? AND revoked_at IS NULL", serial).
		Updates(map[string]any{"revoked_at": db.At(now), "revoked_by": by}).Error)
}
