package cache

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// How often an instance asks whether what it remembers has changed, and for how long it may go on
// trusting that without an answer.
const (
	lookEvery = 300 * time.Millisecond
	lookWait  = 1200 * time.Millisecond
	Lease     = 1500 * time.Millisecond
)

const channel = "cache:versions"

// Versions tells the instances which parts of the database have changed, so that what they remember
// in memory stays true. A change raises the version of its scope (the id of an activity, of a list,
// of an alliance) in its own transaction; every instance reads the versions of the scopes that it
// remembers something of, all in one statement, every 300 ms. Redis only makes that faster: a message
// asks for a look at once. An instance that cannot look stops trusting its memory when Lease is over.
type Versions struct {
	db    *db.DB
	cache *Cache
	began time.Time
	seen  atomic.Int64 // when the last look that succeeded began, since began

	mu      sync.Mutex
	scopes  map[id.ID]*scope
	poke    chan struct{}
	running bool
	closed  chan struct{}
	done    sync.WaitGroup
}

type scope struct {
	version int64
	watches map[*Watch]bool
}

// NewVersions makes Versions; c may be nil. Nothing runs before the first Watch.
func NewVersions(d *db.DB, c *Cache) *Versions {
	return &Versions{db: d, cache: c, began: time.Now(), scopes: map[id.ID]*scope{}, poke: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Raise says that what is remembered of the scopes is no longer true. It joins the transaction of ctx
// and tells everybody once that is committed.
func (v *Versions) Raise(ctx context.Context, scopes ...id.ID) error {
	scopes = slices.Clone(scopes)
	slices.Sort(scopes) // everybody locks in the same order
	for _, s := range slices.Compact(scopes) {
		if s == 0 {
			continue
		}
		if err := raise(ctx, v.db, s); err != nil {
			return err
		}
	}
	v.db.AfterCommit(ctx, func() { v.tell(scopes) })
	return nil
}

// Forget has this instance read anew what it remembers of scopes: for whoever is about to tell what the
// database says, while whoever changed that has not told everybody yet.
func (v *Versions) Forget(scopes ...id.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, key := range scopes {
		if s := v.scopes[key]; s != nil {
			for w := range s.watches {
				w.seq.Add(1)
			}
		}
	}
}

// tell moves the watches of this instance at once, so that whoever made a change sees it, and asks the
// other instances to look.
func (v *Versions) tell(scopes []id.ID) {
	v.Forget(scopes...)
	if v.cache == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.closed:
		return
	default:
	}
	v.done.Add(1)
	go func() {
		defer v.done.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		v.cache.Client().Publish(ctx, channel, "") // in vain: the others look by themselves
	}()
}

func (v *Versions) wake() {
	select {
	case v.poke <- struct{}{}:
	default:
	}
}

// Settle returns when no other instance can still trust what it remembered before the moment of the
// call: at once where this instance is alone, else after Lease.
func (v *Versions) Settle(ctx context.Context) {
	if n, err := v.db.LiveNodes(ctx, time.Now()); err == nil && n <= 1 {
		return
	}
	wait := time.NewTimer(Lease)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// Watch follows some scopes.
type Watch struct {
	v      *Versions
	scopes []id.ID
	from   int64 // when its own reading began, since v.began
	seq    atomic.Uint64
	closed atomic.Bool
}

// Watch begins to follow scopes. What is read from the database after it returned is at least as new
// as Seq.
func (v *Versions) Watch(ctx context.Context, scopes ...id.ID) (*Watch, error) {
	w := &Watch{v: v, scopes: scopes}
	v.mu.Lock()
	for _, s := range scopes {
		if v.scopes[s] == nil {
			v.scopes[s] = &scope{version: -1, watches: map[*Watch]bool{}}
		}
		v.scopes[s].watches[w] = true
	}
	if !v.running {
		v.running = true
		v.done.Add(1)
		go v.run()
	}
	v.mu.Unlock()
	w.from = v.since()
	now, err := versions(ctx, v.db, scopes)
	if err != nil {
		w.Close()
		return nil, err
	}
	v.settle(scopes, now)
	return w, nil
}

// Seq changes whenever one of the scopes has changed.
func (w *Watch) Seq() uint64 { return w.seq.Load() }

// Versions gives the versions of the scopes, in their order: where two instances read the same, nothing
// has changed between their readings.
func (w *Watch) Versions() []int64 {
	w.v.mu.Lock()
	defer w.v.mu.Unlock()
	out := make([]int64, len(w.scopes))
	for i, key := range w.scopes {
		if s := w.v.scopes[key]; s != nil {
			out[i] = s.version
		}
	}
	return out
}

// Fresh tells whether Seq is known to be not older than Lease; never of a watch that was closed.
func (w *Watch) Fresh() bool {
	return !w.closed.Load() && w.v.since()-max(w.v.seen.Load(), w.from) < int64(Lease)
}

// Close ends the watch.
func (w *Watch) Close() {
	w.closed.Store(true)
	w.v.mu.Lock()
	defer w.v.mu.Unlock()
	for _, id := range w.scopes {
		if s := w.v.scopes[id]; s != nil {
			delete(s.watches, w)
			if len(s.watches) == 0 {
				delete(w.v.scopes, id)
			}
		}
	}
}

// Close ends looking and telling; nobody may watch afterwards.
func (v *Versions) Close() {
	v.mu.Lock()
	close(v.closed)
	v.mu.Unlock()
	v.done.Wait()
}

func (v *Versions) since() int64 { return int64(time.Since(v.began)) }

func (v *Versions) run() {
	defer v.done.Done()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if v.cache != nil {
		messages := v.cache.Client().Subscribe(ctx, channel)
		defer messages.Close()
		v.done.Add(1)
		go func() {
			defer v.done.Done()
			for range messages.Channel() {
				v.wake()
			}
		}()
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-v.closed:
			return
		case <-tick.C:
		case <-v.poke:
		}
		v.look(ctx)
	}
}

// look compares what is watched with the database.
func (v *Versions) look(ctx context.Context) {
	began := v.since()
	v.mu.Lock()
	scopes := slices.Collect(maps.Keys(v.scopes))
	v.mu.Unlock()
	if len(scopes) == 0 {
		v.seen.Store(began)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	now, err := versions(ctx, v.db, scopes)
	if err != nil {
		return
	}
	v.settle(scopes, now)
	v.seen.Store(began)
}

// settle takes over versions that were read; one that differs moves every watch of its scope.
func (v *Versions) settle(scopes []id.ID, now map[id.ID]int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, key := range scopes {
		s := v.scopes[key]
		if s == nil || now[key] <= s.version {
			continue // nobody watches any more, or a look that began earlier
		}
		known := s.version >= 0
		s.version = now[key]
		for w := range s.watches {
			if known {
				w.seq.Add(1)
			}
		}
	}
}
