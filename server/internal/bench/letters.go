package bench

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// Letters are the messages of one notice, queued as a publication queues them and not sent yet.
type Letters struct {
	Notice id.ID
	county *County
}

// Write publishes a notice to everybody of the county, in one transaction with its messages. The
// committee's quiet hours are switched off.
func (c *County) Write(ctx context.Context) (Letters, error) {
	l := Letters{Notice: c.ids.New(), county: c}
	now := db.At(time.Now())
	n := len(c.persons)
	deliveries := make([]id.ID, n)
	for i := range deliveries {
		deliveries[i] = c.ids.New()
	}
	staff := c.accounts[len(c.accounts)-1]
	tx, err := c.sql.BeginTx(ctx, nil)
	if err != nil {
		return l, err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "DELETE FROM notice_rules WHERE committee_id = ?", c.committee); err != nil {
		return l, err
	}
	for _, t := range []struct {
		into string
		n    int
		row  func(int) []any
	}{
		{"notice_rules (committee_id, quiet_from, quiet_until, remind_day, remind_hours, updated_by, updated_at)", 1,
			func(int) []any { return []any{c.committee, 0, 0, 0, 0, staff, now} }},
		{"notices (id, committee_id, alliance_id, title, body, state, author_id, created_at, updated_at, published_at)", 1,
			func(int) []any {
				return []any{l.Notice, c.committee, c.alliance, "关于召开联盟会议的通知", "请各位老同志准时参加。", "published", staff, now, now, now}
			}},
		{"notice_recipients (notice_id, person_id, unit_id)", n,
			func(i int) []any { return []any{l.Notice, c.persons[i], c.units[i%units]} }},
		{"notice_deliveries (id, notice_id, account_id, person_id, template, round, state, created_at, updated_at)", n,
			func(i int) []any {
				return []any{deliveries[i], l.Notice, c.accounts[i], c.persons[i], "activity_notice", 0, "queued", now, now}
			}},
		{"outbox (id, channel, dedupe_key, payload, state, run_at, created_at)", n,
			func(i int) []any {
				return []any{c.ids.New(), "wechat_push", fmt.Sprintf("push:%s:%s:activity_notice:0", l.Notice, c.accounts[i]),
					fmt.Sprintf(`{"delivery":"%s","persons":["%s"]}`, deliveries[i], c.persons[i]), "waiting", now, now}
			}},
	} {
		if err := insertRows(ctx, tx, t.into, t.n, t.row); err != nil {
			return l, fmt.Errorf("bench: %s: %w", t.into, err)
		}
	}
	return l, tx.Commit()
}

// Receipts are the messages as the platform sees them, in the order of the county's people.
func (l Letters) Receipts() []Receipt {
	out := make([]Receipt, len(l.county.persons))
	for i := range out {
		out[i] = Receipt{l.county.openID(i), "packages/notice/detail?id=" + l.Notice.String()}
	}
	return out
}

// States gives the state of each message, in the same order, and how many rows of the outbox are not
// at their end.
func (l Letters) States(ctx context.Context) (states []string, open int, err error) {
	err = l.county.sql.QueryRowContext(ctx, "SELECT COUNT(*) FROM outbox WHERE channel = 'wechat_push' AND state IN ('waiting', 'leased') AND dedupe_key LIKE ?",
		"push:"+l.Notice.String()+":%").Scan(&open)
	if err != nil {
		return nil, 0, err
	}
	rows, err := l.county.sql.QueryContext(ctx, "SELECT state FROM notice_deliveries WHERE notice_id = ? ORDER BY account_id", l.Notice)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, 0, err
		}
		states = append(states, s)
	}
	return states, open, rows.Err()
}

type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}
