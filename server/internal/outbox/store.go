package outbox

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type row struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	Channel    string
	DedupeKey  string
	Payload    string
	State      string
	RunAt      db.Time
	LeaseUntil *db.Time
	LeaseBy    string
	Attempts   int
	LastCode   string
	CreatedAt  db.Time
	DoneAt     *db.Time
}

func (row) TableName() string { return "outbox" }

// insertBatch keeps a statement below the engines' limits of parameters and packet size.
const insertBatch = 200

func (o *Outbox) insert(ctx context.Context, rows []row) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	r := o.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&rows, insertBatch)
	return r.RowsAffected, db.Unavailable(r.Error)
}

// lease takes at most n due rows of the channels until the given time. The select takes the row locks
// and skips what another worker has locked; the condition of the update keeps it right on an engine
// that knows no such locks.
func (o *Outbox) lease(ctx context.Context, channels []string, n int, by string, now, until time.Time) ([]row, error) {
	var rows []row
	err := o.db.Tx(ctx, func(ctx context.Context) error {
		rows = nil
		var ids []id.ID
		err := o.db.Conn(ctx).Model(&row{}).Select("id").
			Where("state = ? AND run_at <= ? AND channel IN ?", string(Waiting), db.At(now), channels).
			Order("run_at, id").Limit(n).
			Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate, Options: clause.LockingOptionsSkipLocked}).
			Find(&ids).Error
		if err != nil || len(ids) == 0 {
			return err
		}
		err = o.db.Conn(ctx).Model(&row{}).Where("id IN ? AND state = ?", ids, string(Waiting)).Updates(map[string]any{
			"state": string(Leased), "lease_by": by, "lease_until": db.At(until), "attempts": clause.Expr{SQL: "attempts + 1"},
		}).Error
		if err != nil {
			return err
		}
		return o.db.Conn(ctx).Where("id IN ? AND state = ? AND lease_by = ?", ids, string(Leased), by).Order("run_at, id").Find(&rows).Error
	})
	return rows, db.Unavailable(err)
}

// due reports whether a row waits: a look without locks, so that an idle worker writes nothing.
func (o *Outbox) due(ctx context.Context, channels []string, now time.Time) (bool, error) {
	var ids []id.ID
	err := o.db.Conn(ctx).Model(&row{}).Select("id").
		Where("state = ? AND run_at <= ? AND channel IN ?", string(Waiting), db.At(now), channels).
		Limit(1).Find(&ids).Error
	return len(ids) > 0, db.Unavailable(err)
}

// expired gives rows whose worker has died or stalled.
func (o *Outbox) expired(ctx context.Context, channels []string, now time.Time) ([]row, error) {
	var rows []row
	err := o.db.Conn(ctx).Where("state = ? AND lease_until <= ? AND channel IN ?", string(Leased), db.At(now), channels).
		Order("id").Limit(1000).Find(&rows).Error
	return rows, db.Unavailable(err)
}

// outcome is what becomes of a leased row.
type outcome struct {
	state State
	runAt time.Time // Waiting only
	code  string
	back  bool // the attempt did not take place: do not count it
}

// settle ends a lease, unless it belongs to somebody else by now. It tells whether it did.
func (o *Outbox) settle(ctx context.Context, r row, out outcome) (bool, error) {
	set := map[string]any{"state": string(out.state), "lease_by": "", "lease_until": nil, "last_code": out.code}
	if out.state == Waiting {
		set["run_at"] = db.At(out.runAt)
	} else {
		set["done_at"] = db.At(o.clk.Now())
	}
	if out.back {
		set["attempts"] = clause.Expr{SQL: "attempts - 1"}
	}
	var mine bool
	err := o.db.Tx(ctx, func(ctx context.Context) error {
		u := o.db.Conn(ctx).Model(&row{}).Where("id = ? AND state = ? AND lease_by = ?", r.ID, string(Leased), r.LeaseBy).Updates(set)
		mine = u.RowsAffected == 1
		return u.Error
	})
	return mine, db.Unavailable(err)
}

// Counts tells how many rows are in each state, for metrics and readiness.
func (o *Outbox) Counts(ctx context.Context) (map[State]int64, error) {
	var list []struct {
		State string
		N     int64
	}
	err := o.db.Conn(ctx).Model(&row{}).Select("state, COUNT(*) AS n").Group("state").Scan(&list).Error
	out := make(map[State]int64, len(list))
	for _, l := range list {
		out[State(l.State)] = l.N
	}
	return out, db.Unavailable(err)
}

// pruned bounds the rows of one statement, so that nobody waits long for their locks.
const pruned = 1000

func (o *Outbox) prune(ctx context.Context, before time.Time) (int64, error) {
	var total int64
	for {
		var ids []id.ID
		err := o.db.Conn(ctx).Model(&row{}).Where("state = ? AND run_at < ? AND done_at < ?", string(Done), db.At(before), db.At(before)).
			Order("id").Limit(pruned).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return total, db.Unavailable(err)
		}
		err = o.db.Tx(ctx, func(ctx context.Context) error {
			return o.db.Conn(ctx).Where("id IN ? AND state = ?", ids, string(Done)).Delete(&row{}).Error
		})
		if err != nil {
			return total, db.Unavailable(err)
		}
		total += int64(len(ids))
	}
}
