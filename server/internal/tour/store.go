package tour

import (
	"context"
	"fmt"
	"time"

	"bense/server/internal/db"
)

// books reads the database directly, past everything that the server says: the tour's second
// opinion. One committee lives in it, so nothing needs narrowing.
type books struct{ db *db.DB }

// counting asks one question for a number per column.
func (b books) counting(ctx context.Context, to []*int, query string, args ...any) error {
	rows, err := b.db.Conn(ctx).Raw(query, args...).Rows()
	if err != nil {
		return fmt.Errorf("tour: read the database: %w", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return fmt.Errorf("tour: read the database: no row: %w", rows.Err())
	}
	out := make([]any, len(to))
	for i, p := range to {
		out[i] = p
	}
	if err := rows.Scan(out...); err != nil {
		return fmt.Errorf("tour: read the database: %w", err)
	}
	return rows.Err()
}

type countyBook struct{ Persons, Active, Units, Branches, Alliances, OpenProposals int }

func (b books) county(ctx context.Context) (c countyBook, err error) {
	err = b.counting(ctx, []*int{&c.Persons, &c.Active, &c.Units, &c.Branches, &c.Alliances, &c.OpenProposals}, `
		SELECT (SELECT COUNT(*) FROM persons),
		       (SELECT COUNT(*) FROM persons WHERE status = 'active'),
		       (SELECT COUNT(*) FROM units),
		       (SELECT COUNT(*) FROM branches),
		       (SELECT COUNT(*) FROM alliances),
		       (SELECT COUNT(*) FROM status_proposals WHERE decision = '')`)
	return c, err
}

type bindingBook struct{ Persons, Reveals int }

func (b books) bindings(ctx context.Context) (c bindingBook, err error) {
	err = b.counting(ctx, []*int{&c.Persons, &c.Reveals}, `
		SELECT (SELECT COUNT(DISTINCT person_id) FROM account_persons),
		       (SELECT COUNT(*) FROM audit_lines WHERE action = 'ledger.reveal_person')`)
	return c, err
}

type noticeBook struct {
	Published, Recipients, Read, Answered, Unreached, Going int
	Sent, Refused, Undelivered, Waiting, Reminders          int
}

// notices counts as of now: what the outbox keeps for later does not wait.
func (b books) notices(ctx context.Context, now time.Time) (c noticeBook, err error) {
	err = b.counting(ctx, []*int{&c.Published, &c.Recipients, &c.Read, &c.Answered, &c.Unreached, &c.Going,
		&c.Sent, &c.Refused, &c.Undelivered, &c.Waiting, &c.Reminders}, `
		SELECT (SELECT COUNT(*) FROM notices WHERE state = 'published'),
		       (SELECT COUNT(*) FROM notice_recipients),
		       (SELECT COUNT(*) FROM notice_recipients WHERE read_at IS NOT NULL),
		       (SELECT COUNT(*) FROM notice_recipients WHERE answered_at IS NOT NULL),
		       (SELECT COUNT(*) FROM notice_recipients WHERE read_at IS NULL AND answered_at IS NULL AND told_at IS NULL),
		       (SELECT COUNT(*) FROM activity_expected WHERE answer = 'going'),
		       (SELECT COUNT(*) FROM notice_deliveries WHERE state IN ('sent', 'delivered')),
		       (SELECT COUNT(*) FROM notice_deliveries WHERE state = 'refused'),
		       (SELECT COUNT(*) FROM notice_deliveries WHERE state IN ('queued', 'sending', 'unknown', 'failed')),
		       (SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND run_at <= ?),
		       (SELECT COUNT(*) FROM notice_deliveries WHERE template = 'activity_reminder' AND state <> 'no_credit')`, db.At(now))
	return c, err
}

// doorBook is the attendance. Somebody who had excused himself and came is present.
type doorBook struct{ Rows, Excess, Expected, Present, Excused, Absent, Annulled int }

func (b books) door(ctx context.Context) (c doorBook, err error) {
	err = b.counting(ctx, []*int{&c.Rows, &c.Excess, &c.Expected, &c.Present, &c.Excused, &c.Annulled}, `
		SELECT (SELECT COUNT(*) FROM checkins),
		       (SELECT COUNT(*) FROM checkins) - (SELECT COUNT(*) FROM (SELECT DISTINCT list_id, person_id FROM checkins) one),
		       (SELECT COUNT(*) FROM activity_expected),
		       (SELECT COUNT(*) FROM activity_expected e WHERE EXISTS (
		          SELECT 1 FROM checkins c JOIN checkin_lists l ON l.id = c.list_id
		          WHERE l.activity_id = e.activity_id AND c.person_id = e.person_id)),
		       (SELECT COUNT(*) FROM activity_expected e WHERE e.answer = 'leave' AND NOT EXISTS (
		          SELECT 1 FROM checkins c JOIN checkin_lists l ON l.id = c.list_id
		          WHERE l.activity_id = e.activity_id AND c.person_id = e.person_id)),
		       (SELECT COUNT(*) FROM checkin_annulments)`)
	c.Absent = c.Expected - c.Present - c.Excused
	return c, err
}
