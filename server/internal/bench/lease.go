package bench

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
)

// LeaseFigures are those of the worker's two statements beside a queue.
type LeaseFigures struct {
	Queued int      `json:"queued"`
	Lease  float64  `json:"lease_ms"` // of a hundred rows, the median
	Look   float64  `json:"look_ms"`  // whether anything is due, the median
	Ratio  float64  `json:"ratio"`    // of the lease, to that without a queue
	Plan   []string `json:"plan"`
}

const (
	leaseSlots = 64
	leased     = 6400 // in each run
)

// leases is L: what waits behind costs nothing. Half of the queue is due in the same channel, half is
// older and belongs to a channel that rests.
func (x *noticeBench) leases(ctx context.Context) error {
	d, err := x.schema(ctx, "leases")
	if err != nil {
		return err
	}
	spy := &leaseSpy{}
	if err := spy.listen(d); err != nil {
		return err
	}
	ids := id.NewSource(id.MaxNode, time.Now)
	worst, base, have := 0.0, 0.0, 0
	for _, queued := range []int{0, 10_000, 1_000_000} {
		begun := time.Now()
		if err := x.queue(ctx, have, queued); err != nil {
			return err
		}
		x.say("%d queued in %.0f s", queued, time.Since(begun).Seconds())
		have = queued
		f := LeaseFigures{Queued: queued}
		for range 3 {
			if err := x.head(ctx, ids); err != nil {
				return err
			}
			if err := spy.drain(ctx, d, ids); err != nil {
				return err
			}
		}
		f.Lease, f.Look = spy.medians()
		if queued == 0 {
			base = f.Lease
		}
		f.Ratio = f.Lease / base
		worst = max(worst, f.Ratio)
		if f.Plan, err = x.leasePlan(ctx); err != nil {
			return err
		}
		x.report.Leases = append(x.report.Leases, f)
		x.say("%d queued: a lease of 100 rows takes %.2f ms (%.2f ×)", queued, f.Lease, f.Ratio)
	}
	x.goal(most("L1", "lease beside 10⁶ queued rows ÷ beside none", worst, 1.5))
	return nil
}

// queue fills up from have to want rows. The numbers come from MariaDB's own sequences.
func (x *noticeBench) queue(ctx context.Context, have, want int) error {
	now := time.Now()
	for from := have; from < want; from += 100_000 {
		q := fmt.Sprintf("INSERT INTO leases.outbox (id, channel, dedupe_key, payload, state, run_at, created_at) "+
			"SELECT seq, CASE seq %% 2 WHEN 0 THEN 'bench' ELSE 'resting' END, seq, '{\"delivery\":\"1\",\"persons\":[\"1\"]}', 'waiting', "+
			"CASE seq %% 2 WHEN 0 THEN ? ELSE ? END, ? FROM leases.seq_%d_to_%d", from+1, min(from+100_000, want))
		if _, err := x.maria.root.ExecContext(ctx, q, db.At(now), db.At(now.Add(-24*time.Hour)), db.At(now)); err != nil {
			return err
		}
	}
	_, err := x.maria.root.ExecContext(ctx, "ANALYZE TABLE leases.outbox")
	return err
}

// head puts those that are leased in a run before the queue.
func (x *noticeBench) head(ctx context.Context, ids *id.Source) error {
	at := db.At(time.Now().Add(-12 * time.Hour))
	root := &County{sql: x.maria.root}
	return root.insert(ctx, "leases.outbox (id, channel, dedupe_key, payload, state, run_at, created_at)", leased, func(int) []any {
		key := ids.New()
		return []any{key, "bench", "head:" + key.String(), `{"delivery":"1","persons":["1"]}`, "waiting", at, at}
	})
}

// leasePlan tells by which index the database walks.
func (x *noticeBench) leasePlan(ctx context.Context) ([]string, error) {
	rows, err := x.maria.root.QueryContext(ctx, "EXPLAIN SELECT * FROM leases.outbox /*! FORCE INDEX (ix_outbox_lane) */ WHERE state = 'waiting' AND channel = 'bench' AND run_at <= ? "+
		"ORDER BY run_at, id LIMIT 64 FOR UPDATE SKIP LOCKED", db.At(time.Now()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var number, kind, table, how, possible, key, length, ref, extra *string
		var n *int64
		if err := rows.Scan(&number, &kind, &table, &how, &possible, &key, &length, &ref, &n, &extra); err != nil {
			return nil, err
		}
		word := func(s *string) string {
			if s == nil {
				return "none"
			}
			return *s
		}
		out = append(out, fmt.Sprintf("%s over %s; %s", word(how), word(key), word(extra)))
	}
	return out, rows.Err()
}

// drain lets a worker take what stands before the queue.
func (s *leaseSpy) drain(ctx context.Context, d *db.DB, ids *id.Source) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var done atomic.Int64
	send := outbox.DispatchFunc(func(context.Context, []byte) (bool, error) {
		if done.Add(1) == leased {
			cancel()
		}
		return false, nil
	})
	w := outbox.NewWorker(outbox.New(d, ids, clock.System()), nil, map[string]outbox.Dispatcher{"bench": send}, outbox.Options{Concurrency: leaseSlots})
	if _, err := w.RunOnce(ctx); err != nil && done.Load() < leased {
		return err
	}
	return nil
}

// medians gives those of what was noted, and forgets it.
func (s *leaseSpy) medians() (lease, look float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	middle := func(list []float64) float64 {
		if len(list) == 0 {
			return 0
		}
		slices.Sort(list)
		return list[len(list)/2]
	}
	lease, look = middle(s.leases), middle(s.looks)
	s.leases, s.looks = nil, nil
	return lease, look
}
