package outbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

// lanes is the table with the index that a channel's rows are walked along, from the oldest on. Left alone,
// MariaDB prefers the older index without the channel, and reads all rows of a channel that rests to find
// the few of another. To SQLite it is a comment, and it takes the right index by itself.
const lanes = "outbox /*! FORCE INDEX (ix_outbox_lane) */"

// lease takes at most n due rows of a channel until the given time. The select takes the row locks and
// skips what another worker has locked; the condition of the update keeps it right on an engine that
// knows no such locks.
func (o *Outbox) lease(ctx context.Context, channel string, n int, by string, now, until time.Time) ([]row, error) {
	var rows []row
	err := o.db.Tx(ctx, func(ctx context.Context) error {
		rows = nil
		err := o.db.Conn(ctx).Table(lanes).Where("state = ? AND channel = ? AND run_at <= ?", string(Waiting), channel, db.At(now)).
			Order("run_at, id").Limit(n).
			Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate, Options: clause.LockingOptionsSkipLocked}).
			Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]id.ID, len(rows))
		ends := db.At(until)
		for i := range rows {
			r := &rows[i]
			ids[i], r.State, r.LeaseBy, r.LeaseUntil, r.Attempts = r.ID, string(Leased), by, &ends, r.Attempts+1
		}
		u := o.db.Conn(ctx).Model(&row{}).Where("id IN ? AND state = ?", ids, string(Waiting)).Updates(map[string]any{
			"state": string(Leased), "lease_by": by, "lease_until": ends, "attempts": clause.Expr{SQL: "attempts + 1"},
		})
		if u.Error != nil || int(u.RowsAffected) == len(rows) {
			return u.Error
		}
		rows = nil
		return o.db.Conn(ctx).Where("id IN ? AND state = ? AND lease_by = ?", ids, string(Leased), by).Order("run_at, id").Find(&rows).Error
	})
	return rows, db.Unavailable(err)
}

// due gives those of the channels that have something to send: a look without locks, so that an idle
// worker writes nothing, and one row of each, so that it costs the same however many wait.
func (o *Outbox) due(ctx context.Context, channels []string, now time.Time) ([]string, error) {
	parts, args := make([]string, 0, len(channels)), make([]any, 0, 3*len(channels))
	for i, c := range channels {
		parts = append(parts, fmt.Sprintf("SELECT d%d.channel FROM (SELECT channel FROM %s WHERE state = ? AND channel = ? AND run_at <= ? LIMIT 1) AS d%d", i, lanes, i))
		args = append(args, string(Waiting), c, db.At(now))
	}
	var out []string
	err := o.db.Conn(ctx).Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&out).Error
	return out, db.Unavailable(err)
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

// settled is a row with what becomes of it.
type settled struct {
	row
	outcome
}

// settle ends leases, unless they belong to somebody else by now, and tells how many. Rows that end alike
// are marked by one statement.
func (o *Outbox) settle(ctx context.Context, list []settled) (mine int, err error) {
	type kind struct {
		outcome
		by string
	}
	alike, order := map[kind][]id.ID{}, []kind{}
	for _, s := range list {
		k := kind{s.outcome, s.LeaseBy}
		if alike[k] == nil {
			order = append(order, k)
		}
		alike[k] = append(alike[k], s.ID)
	}
	now := db.At(o.clk.Now())
	err = o.db.Tx(ctx, func(ctx context.Context) error {
		mine = 0
		for _, k := range order {
			set := map[string]any{"state": string(k.state), "lease_by": "", "lease_until": nil, "last_code": k.code}
			if k.state == Waiting {
				set["run_at"] = db.At(k.runAt)
			} else {
				set["done_at"] = now
			}
			if k.back {
				set["attempts"] = clause.Expr{SQL: "attempts - 1"}
			}
			u := o.db.Conn(ctx).Model(&row{}).Where("id IN ? AND state = ? AND lease_by = ?", alike[k], string(Leased), k.by).Updates(set)
			if u.Error != nil {
				return u.Error
			}
			mine += int(u.RowsAffected)
		}
		return nil
	})
	return mine, db.Unavailable(err)
}

// Fate is how far a message has come.
type Fate struct {
	State    State
	Attempts int
	Code     string    // of the last failure
	At       time.Time // of its end; zero before
}

// Fates gives those of the messages that are still kept, by dedupe key.
func (o *Outbox) Fates(ctx context.Context, keys []string) (map[string]Fate, error) {
	out := make(map[string]Fate, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	var rows []row
	err := o.db.Conn(ctx).Select("dedupe_key, state, attempts, last_code, done_at").Where("dedupe_key IN ?", keys).Find(&rows).Error
	for _, r := range rows {
		out[r.DedupeKey] = Fate{State(r.State), r.Attempts, r.LastCode, r.DoneAt.Std()}
	}
	return out, db.Unavailable(err)
}

// Payload gives what a message that is still kept says, nil of another one.
func (o *Outbox) Payload(ctx context.Context, key string) ([]byte, error) {
	var rows []row
	err := o.db.Conn(ctx).Select("payload").Where("dedupe_key = ?", key).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, db.Unavailable(err)
	}
	return []byte(rows[0].Payload), nil
}

// Again puts messages that are at their end back into the queue as if they were new, in the transaction
// of ctx, and tells how many: somebody has decided so. Whether they may go out once more is the
// dispatcher's to know.
func (o *Outbox) Again(ctx context.Context, keys []string) (int, error) {
	if !o.db.InTx(ctx) {
		return 0, errNoTx
	}
	u := o.db.Conn(ctx).Model(&row{}).Where("dedupe_key IN ? AND state IN ?", keys, []string{string(Dead), string(Unknown), string(Done)}).
		Updates(map[string]any{"state": string(Waiting), "run_at": db.At(o.clk.Now()), "attempts": 0, "last_code": "", "done_at": nil})
	return int(u.RowsAffected), db.Unavailable(u.Error)
}

// Leftover is how many messages of a channel ended badly for one reason.
type Leftover struct {
	Channel string
	State   State // Dead or Unknown
	Code    string
	Rows    int `gorm:"column:n"`
}

// Leftovers sums up what was given up, and what may have gone out.
func (o *Outbox) Leftovers(ctx context.Context) ([]Leftover, error) {
	var out []Leftover
	err := o.db.Conn(ctx).Model(&row{}).Select("channel, state, last_code AS code, COUNT(*) AS n").
		Where("state IN ?", []string{string(Dead), string(Unknown)}).Group("channel, state, last_code").
		Order("channel, state, last_code").Scan(&out).Error
	return out, db.Unavailable(err)
}

// AgainIn puts what was given up in a channel back into the queue, in the transaction of ctx.
func (o *Outbox) AgainIn(ctx context.Context, channel string) (int, error) {
	var keys []string
	err := o.db.Conn(ctx).Model(&row{}).Where("state = ? AND channel = ?", string(Dead), channel).Order("id").Pluck("dedupe_key", &keys).Error
	total := 0
	for part := range slices.Chunk(keys, 500) {
		n, err := o.Again(ctx, part)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, db.Unavailable(err)
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
