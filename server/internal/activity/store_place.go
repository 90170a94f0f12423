package activity

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// setPlaces writes what the head decides about places.
func (s store) setPlaces(ctx context.Context, activityID id.ID, p Places, now time.Time) error {
	lift := 0
	if p.Lift {
		lift = 1
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&activityRow{}).Where("id = ?", activityID).Updates(map[string]any{
		"capacity": p.Capacity, "answer_until": db.AtPtr(p.AnswerUntil), "companions": p.Companions, "lift": lift, "updated_at": db.At(now),
	}).Error)
}

// seated gives those who have a place or wait for one, as they stand at this moment: not as of the beginning
// of the transaction, which may have been before others got theirs.
func (s store) seated(ctx context.Context, activityID id.ID) ([]Expected, error) {
	var rows []expectedRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).
		Where("activity_id = ? AND answer IN ?", activityID, []string{Going, Waiting}).Order("person_id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	return s.expectedAll(rows)
}

// say writes what a person says. A change back to the same words counts as an answer too: its time is new.
func (s store) say(ctx context.Context, activityID id.ID, e Expected, by id.ID, now time.Time) error {
	lift := 0
	if e.Lift {
		lift = 1
	}
	return db.Unavailable(isExpected(s.db.Conn(ctx).Model(&expectedRow{}), activityID, []id.ID{e.Person}).Updates(map[string]any{
		"answer": e.Answer, "reason_enc": s.box.SealString(e.Reason, reasonContext), "answered_at": db.At(now), "answered_by": by,
		"companions": joined(e.Companions), "lift": lift, "pickup_enc": s.box.SealString(e.PickUp, pickUpContext),
		"queue_no": e.Queue, "placed_at": db.AtPtr(e.PlacedAt),
	}).Error)
}

// place gives people who waited the places that are theirs now.
func (s store) place(ctx context.Context, activityID id.ID, persons []id.ID, now time.Time) error {
	return db.Unavailable(isExpected(s.db.Conn(ctx).Model(&expectedRow{}), activityID, persons).
		Updates(map[string]any{"answer": Going, "queue_no": 0, "placed_at": db.At(now)}).Error)
}

// fetched gives who are going and need a lift.
func (s store) fetched(ctx context.Context, activityID id.ID) ([]Expected, error) {
	var rows []expectedRow
	err := s.db.Conn(ctx).Where("activity_id = ? AND answer = ? AND lift = 1", activityID, Going).Order("person_id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	return s.expectedAll(rows)
}

// queues gives those who wait, by activity: who they are, their numbers and what they bring along.
func (s store) queues(ctx context.Context, activityIDs []id.ID) (map[id.ID][]Expected, error) {
	var rows []expectedRow
	err := s.db.Conn(ctx).Select("activity_id, person_id, answer, queue_no, companions").
		Where("activity_id IN ? AND answer = ?", activityIDs, Waiting).Order("activity_id, queue_no, person_id").Find(&rows).Error
	out := map[id.ID][]Expected{}
	for _, r := range rows {
		out[r.ActivityID] = append(out[r.ActivityID], Expected{Person: r.PersonID, Answer: r.Answer, Queue: r.QueueNo, Companions: split(r.Companions)})
	}
	return out, db.Unavailable(err)
}
