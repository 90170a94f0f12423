package activity

import (
	"context"
	"slices"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

const (
	reasonContext = "activity_expected.reason"
	pickUpContext = "activity_expected.pickup"
)

// chunk bounds the rows and ids of one statement.
const chunk = 500

type expectedRow struct {
	ActivityID id.ID `gorm:"primaryKey;autoIncrement:false"`
	PersonID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	UnitID     id.ID
	WalkIn     int
	Answer     string
	ReasonEnc  []byte
	AnsweredAt *db.Time
	AnsweredBy *id.ID
	Companions string
	Lift       int
	PickupEnc  []byte
	QueueNo    int
	PlacedAt   *db.Time
}

func (expectedRow) TableName() string { return "activity_expected" }

func (s store) expected(r expectedRow) (Expected, error) {
	reason, err := s.box.OpenString(r.ReasonEnc, reasonContext)
	if err != nil {
		return Expected{}, err
	}
	place, err := s.box.OpenString(r.PickupEnc, pickUpContext)
	e := Expected{
		Person: r.PersonID, Unit: r.UnitID, WalkIn: r.WalkIn != 0, Answer: r.Answer, Reason: reason, AnsweredAt: r.AnsweredAt.Std(),
		Companions: split(r.Companions), Lift: r.Lift != 0, PickUp: place, Queue: r.QueueNo, PlacedAt: r.PlacedAt.Std(),
	}
	if r.AnsweredBy != nil {
		e.AnsweredBy = *r.AnsweredBy
	}
	return e, err
}

// listed gives everybody on a list, without what is sealed and what is seldom asked for.
func (s store) listed(ctx context.Context, activityID id.ID) (out []Expected, err error) {
	rows, err := s.db.Raw(ctx).QueryContext(ctx, "SELECT person_id, unit_id, walk_in, answer FROM activity_expected WHERE activity_id = ? ORDER BY person_id", int64(activityID))
	if err != nil {
		return nil, db.Unavailable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Expected
		var walkIn int
		if err := rows.Scan(&e.Person, &e.Unit, &walkIn, &e.Answer); err != nil {
			return nil, err
		}
		e.WalkIn = walkIn != 0
		out = append(out, e)
	}
	return out, db.Unavailable(rows.Err())
}

func (s store) expectedOf(ctx context.Context, activityID id.ID) ([]Expected, error) {
	var rows []expectedRow
	err := s.db.Conn(ctx).Where("activity_id = ?", activityID).Order("person_id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	return s.expectedAll(rows)
}

func (s store) expectedAfter(ctx context.Context, activityID, person id.ID, limit int) ([]Expected, error) {
	var rows []expectedRow
	err := s.db.Conn(ctx).Where("activity_id = ? AND person_id > ?", activityID, person).Order("person_id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	return s.expectedAll(rows)
}

func (s store) expectedAll(rows []expectedRow) ([]Expected, error) {
	out := make([]Expected, 0, len(rows))
	for _, r := range rows {
		e, err := s.expected(r)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// expectedAmong gives those of the persons who are expected.
func (s store) expectedAmong(ctx context.Context, activityID id.ID, persons []id.ID) (map[id.ID]Expected, error) {
	out := make(map[id.ID]Expected, len(persons))
	for part := range slices.Chunk(persons, chunk) {
		var rows []expectedRow
		if err := isExpected(s.db.Conn(ctx), activityID, part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		list, err := s.expectedAll(rows)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			out[e.Person] = e
		}
	}
	return out, nil
}

// expectedBetween gives the persons whom activities expected that are over.
func (s store) expectedBetween(ctx context.Context, committee id.ID, from, to time.Time) (map[id.ID][]id.ID, error) {
	var rows []struct{ ActivityID, PersonID id.ID }
	err := s.db.Conn(ctx).Table("activities AS a").Joins("JOIN activity_expected AS e ON e.activity_id = a.id").
		Select("e.activity_id, e.person_id").
		Where("a.committee_id = ? AND a.state = ? AND a.starts_at >= ? AND a.starts_at < ? AND a.ends_at <= ?", committee, string(Planned), db.At(from), db.At(to), db.At(to)).
		Order("e.activity_id, e.person_id").Scan(&rows).Error
	out := map[id.ID][]id.ID{}
	for _, r := range rows {
		out[r.ActivityID] = append(out[r.ActivityID], r.PersonID)
	}
	return out, db.Unavailable(err)
}

// expectedIn gives the rows of some persons in several activities.
func (s store) expectedIn(ctx context.Context, activityIDs, persons []id.ID) (map[id.ID][]Expected, error) {
	out := map[id.ID][]Expected{}
	if len(activityIDs) == 0 || len(persons) == 0 {
		return out, nil
	}
	var rows []expectedRow
	err := s.db.Conn(ctx).Where("activity_id IN ? AND person_id IN ?", activityIDs, persons).Order("activity_id, person_id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	for _, r := range rows {
		e, err := s.expected(r)
		if err != nil {
			return nil, err
		}
		out[r.ActivityID] = append(out[r.ActivityID], e)
	}
	return out, nil
}

// add puts persons on the list; those who are on it already stay as they are.
func (s store) add(ctx context.Context, activityID id.ID, list []Expected) error {
	for part := range slices.Chunk(list, chunk) {
		rows := make([]expectedRow, len(part))
		for i, e := range part {
			rows[i] = expectedRow{ActivityID: activityID, PersonID: e.Person, UnitID: e.Unit}
			if e.WalkIn {
				rows[i].WalkIn = 1
			}
		}
		if err := s.db.Conn(ctx).Clauses(existing).Create(&rows).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

func (s store) drop(ctx context.Context, activityID id.ID, persons []id.ID) error {
	for part := range slices.Chunk(persons, chunk) {
		if err := isExpected(s.db.Conn(ctx), activityID, part).Delete(&expectedRow{}).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

// dropWalkIn takes somebody off the list who had been added at the door.
func (s store) dropWalkIn(ctx context.Context, activityID, person id.ID) error {
	return db.Unavailable(isExpected(s.db.Conn(ctx), activityID, []id.ID{person}).Where("walk_in = 1").Delete(&expectedRow{}).Error)
}

// counts sums up the answers of several activities.
func (s store) counts(ctx context.Context, activityIDs []id.ID) (map[id.ID]Counts, error) {
	out := make(map[id.ID]Counts, len(activityIDs))
	if len(activityIDs) == 0 {
		return out, nil
	}
	var rows []struct {
		ActivityID                                            id.ID
		Everybody, Coming, Away, Open, Queued, Seats, Fetched int
	}
	err := s.db.Conn(ctx).Model(&expectedRow{}).Select("activity_id, COUNT(*) AS everybody, "+
		"SUM(CASE WHEN answer = ? THEN 1 ELSE 0 END) AS coming, SUM(CASE WHEN answer = ? THEN 1 ELSE 0 END) AS away, "+
		"SUM(CASE WHEN answer = ? THEN 1 ELSE 0 END) AS open, SUM(CASE WHEN answer = ? THEN 1 ELSE 0 END) AS queued, "+
		"SUM(CASE WHEN answer <> ? THEN 0 WHEN companions = '' THEN 1 WHEN companions LIKE '%,%' THEN 3 ELSE 2 END) AS seats, "+
		"SUM(CASE WHEN answer = ? AND lift = 1 THEN 1 ELSE 0 END) AS fetched", Going, Leave, Unsure, Waiting, Going, Going).
		Where("activity_id IN ?", activityIDs).Group("activity_id").Scan(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	for _, r := range rows {
		out[r.ActivityID] = Counts{Expected: r.Everybody, Going: r.Coming, Leave: r.Away, Unsure: r.Open, Waiting: r.Queued,
			Silent: r.Everybody - r.Coming - r.Away - r.Open - r.Queued, Seats: r.Seats, Lifts: r.Fetched}
	}
	return out, nil
}
