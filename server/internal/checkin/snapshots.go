package checkin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/clock"
	"bense/server/internal/id"
)

// How snapshots are kept.
const (
	snapshotPage  = 500
	snapshotWait  = 250 * time.Millisecond // what a request waits for one that is being loaded
	snapshotLoad  = time.Minute            // what loading may take
	snapshotAge   = 15 * time.Second       // after which it is read anew, behind the one in use
	snapshotLarge = 5000                   // persons; larger ones are read anew less often
	snapshotIdle  = 10 * time.Minute
)

// snapshots keeps the snapshots of the lists that are in use: one is loaded once however many ask.
type snapshots struct {
	clk  clock.Clock
	load func(ctx context.Context, list id.ID) (*snapshot, error)
	of   sync.Map // of list ids to *held

	mu     sync.Mutex
	closed bool
	busy   sync.WaitGroup
}

type held struct {
	snap atomic.Pointer[snapshot]
	used atomic.Int64  // Unix seconds
	done chan struct{} // of the load under way, else nil; under the mutex of snapshots
}

func newSnapshots(clk clock.Clock, load func(context.Context, id.ID) (*snapshot, error)) *snapshots {
	return &snapshots{clk: clk, load: load}
}

// get gives a snapshot that is true now, or nil: then the database is asked.
func (c *snapshots) get(ctx context.Context, list id.ID) *snapshot {
	snap, done := c.look(list)
	if snap != nil || done == nil {
		return snap
	}
	wait := time.NewTimer(snapshotWait)
	defer wait.Stop()
	select {
	case <-done:
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return nil
	}
	snap, _ = c.look(list)
	return snap
}

// warm begins to load a snapshot that will be wanted soon.
func (c *snapshots) warm(list id.ID) { c.look(list) }

// look gives the snapshot if it is true now, else the load under way; it begins one where that is due.
func (c *snapshots) look(list id.ID) (*snapshot, chan struct{}) {
	now := c.clk.Now()
	v, ok := c.of.Load(list)
	if !ok {
		v, _ = c.of.LoadOrStore(list, &held{})
	}
	h := v.(*held)
	h.used.Store(now.Unix())
	snap := h.snap.Load()
	good := snap != nil && snap.current()
	if good && !snap.old(now) {
		return snap, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.done == nil && !c.closed {
		h.done = make(chan struct{})
		c.busy.Add(1)
		go c.fill(list, h, h.done)
	}
	if good {
		return snap, nil
	}
	return nil, h.done
}

func (s *snapshot) old(now time.Time) bool {
	age := now.Sub(s.Loaded)
	if len(s.Persons) > snapshotLarge {
		return age > 20*snapshotAge
	}
	return age > snapshotAge
}

func (c *snapshots) fill(list id.ID, h *held, done chan struct{}) {
	defer c.busy.Done()
	ctx, cancel := context.WithTimeout(context.Background(), snapshotLoad)
	defer cancel()
	snap, err := c.load(ctx, list)
	c.mu.Lock()
	defer c.mu.Unlock()
	h.done = nil
	close(done)
	if err != nil {
		return // the next request tries again
	}
	if before := h.snap.Swap(snap); before != nil {
		before.watch.Close()
	}
	if c.closed {
		snap.watch.Close()
	}
	c.sweep(c.clk.Now())
}

// sweep forgets what nobody has asked for in a while.
func (c *snapshots) sweep(now time.Time) {
	c.of.Range(func(list, v any) bool {
		h := v.(*held)
		if h.done == nil && now.Sub(time.Unix(h.used.Load(), 0)) > snapshotIdle {
			if snap := h.snap.Load(); snap != nil {
				snap.watch.Close()
			}
			c.of.Delete(list)
		}
		return true
	})
}

// close waits for loads under way and ends every watch.
func (c *snapshots) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.busy.Wait()
	c.of.Range(func(_, v any) bool {
		if snap := v.(*held).snap.Load(); snap != nil {
			snap.watch.Close()
		}
		return true
	})
}

// loadSnapshot reads what is remembered of a list. Its watch begins before the first read, so that a
// change in between shows.
func (s *Service) loadSnapshot(ctx context.Context, list id.ID) (_ *snapshot, err error) {
	l, a, err := s.listOf(ctx, list)
	if err != nil {
		return nil, err
	}
	watch, err := s.Versions.Watch(ctx, list, a.ID, a.Alliance)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			watch.Close()
		}
	}()
	snap := &snapshot{watch: watch, seq: watch.Seq()}
	versions := watch.Versions()
	if s.shared.take(ctx, list, versions, &snap.columns) {
		return snap, nil
	}
	if err := s.readSnapshot(ctx, snap, l, a); err != nil {
		return nil, err
	}
	s.shared.put(ctx, list, versions, &snap.columns)
	return snap, nil
}

// readSnapshot reads everything from the database.
func (s *Service) readSnapshot(ctx context.Context, snap *snapshot, l List, a activity.Activity) (err error) {
	snap.Loaded = s.Clock.Now()
	if snap.List, snap.Activity, err = s.listOf(ctx, l.ID); err != nil {
		return err
	}
	if snap.Spent, err = s.store.spent(ctx, l.ID); err != nil {
		return err
	}
	again, err := s.store.conflicts(ctx, l.ID, nil)
	if err != nil {
		return err
	}
	snap.Contested = make(map[id.ID]bool, len(again))
	for person := range again {
		snap.Contested[person] = true
	}
	units := map[string]uint32{}
	for after := id.ID(0); ; {
		page, err := s.Activities.ExpectedAfter(ctx, a.ID, after, snapshotPage)
		if err != nil || len(page) == 0 {
			snap.seal()
			return err
		}
		ids := make([]id.ID, len(page))
		for i, e := range page {
			ids[i] = e.Person
		}
		people, err := s.Directory.Persons(ctx, ids)
		if err != nil {
			return err
		}
		holders, err := s.Accounts.Holders(ctx, ids)
		if err != nil {
			return err
		}
		snap.add(page, people, holders, units)
		after = ids[len(ids)-1]
	}
}

// ActivityChanged tells every instance that what it remembers of an activity is no longer true; it
// joins the transaction of ctx.
func (s *Service) ActivityChanged(ctx context.Context, activityID id.ID) error {
	return s.Versions.Raise(ctx, activityID)
}

// PersonChanged does the same for somebody whose status or whose tie to an account has changed.
func (s *Service) PersonChanged(ctx context.Context, person id.ID) error {
	p, err := s.Directory.Person(ctx, person)
	if err != nil {
		return err
	}
	return s.Versions.Raise(ctx, p.AllianceID)
}
