package checkin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// The writer's bounds.
const (
	batchMost  = 512  // rows of one statement; MariaDB rewrites longer lists of ids
	queueMost  = 8192 // attempts that wait; more are told to come again
	writePause = 50 * time.Millisecond
)

// writer commits attempts in groups: one goroutine takes what has gathered while the commit before was
// under way, writes it in one transaction and answers each attempt after the commit. There is no
// artificial delay: an attempt that comes alone is committed alone, and batches grow with the load by
// themselves. An attempt is known by its device's nonce, so after a lost answer to COMMIT the same
// batch is sent again and nothing is guessed. When the database stays away for answerWithin, everybody
// who waits is told so (errs.ErrUnavailable) and nothing of theirs may be relied on.
type writer struct {
	commit func(ctx context.Context, b *batch) error
	queue  chan *waiter

	mu      sync.Mutex
	running bool
	closed  bool
	ended   sync.WaitGroup
}

// waiter is one attempt on its way into the database.
type waiter struct {
	rec  Record
	of   *activity.Activity
	by   time.Duration // clock.Elapsed after which nobody waits any more
	done chan struct{}
	out  Record
	err  error
}

// batch is what one statement writes: a row for each person of a list. out tells what stands then.
type batch struct {
	rows []Record
	of   map[id.ID]*activity.Activity // by list
	out  map[key]Record
}

type key struct{ list, person id.ID }

func newWriter(commit func(context.Context, *batch) error) *writer {
	return &writer{commit: commit, queue: make(chan *waiter, queueMost)}
}

var waiters = sync.Pool{New: func() any { return &waiter{done: make(chan struct{}, 1)} }}

// write commits one attempt and gives the record that stands then: the attempt's own where that
// succeeded, now or before; none where it was taken back meanwhile. It returns only when that is certain, or when
// nobody waits any more (by, on clock.Elapsed); the caller's going away changes nothing.
func (w *writer) write(rec Record, of *activity.Activity, by time.Duration) (Record, error) {
	q := waiters.Get().(*waiter)
	q.rec, q.of, q.out, q.err, q.by = rec, of, Record{}, nil, by
	if err := w.put(q); err != nil {
		return Record{}, err
	}
	<-q.done
	out, err := q.out, q.err
	waiters.Put(q)
	return out, err
}

func (w *writer) put(q *waiter) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errs.ErrUnavailable
	}
	if !w.running {
		w.running = true
		w.ended.Add(1)
		go w.run()
	}
	select {
	case w.queue <- q:
		return nil
	default:
		return errs.ErrUnavailable
	}
}

// close commits what waits and ends; later attempts are refused.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	w.ended.Wait()
}

func (w *writer) run() {
	defer w.ended.Done()
	group := make([]*waiter, 0, batchMost)
	for first := range w.queue {
		group = append(group[:0], first)
	gather:
		for len(group) < batchMost {
			select {
			case q, ok := <-w.queue:
				if !ok {
					break gather
				}
				group = append(group, q)
			default:
				break gather
			}
		}
		w.settle(group)
	}
}

// settle commits a group and answers everybody in it.
func (w *writer) settle(group []*waiter) {
	b := newBatch(group)
	err := w.persist(b, group[0].by)
	if err != nil && !errors.Is(err, errs.ErrUnavailable) && len(b.rows) > 1 {
		w.alone(group) // one of them is what the database refuses
		return
	}
	for _, q := range group {
		q.err = err
		if err == nil {
			q.out = b.out[key{q.rec.List, q.rec.Person}]
		}
		q.done <- struct{}{}
	}
}

// alone commits each of a group by itself.
func (w *writer) alone(group []*waiter) {
	for _, q := range group {
		w.settle([]*waiter{q})
	}
}

// persist repeats a batch until it is committed, the database refuses it, or nobody waits any more.
func (w *writer) persist(b *batch, by time.Duration) error {
	for {
		left := by - clock.Elapsed()
		if left <= 0 {
			return errs.ErrUnavailable
		}
		ctx, cancel := context.WithTimeout(context.Background(), left)
		err := w.commit(ctx, b)
		cancel()
		if err == nil || !passing(err) {
			return err
		}
		if clock.Elapsed()+writePause >= by {
			return errs.Wrap(errs.ErrUnavailable, err)
		}
		<-time.After(writePause)
	}
}

// passing tells of trouble that a repetition may not meet again.
func passing(err error) bool {
	return errors.Is(err, errs.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

func byKey(a, b Record) int {
	return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Person, b.Person))
}

// newBatch folds a group: of several attempts for one person the earliest is written, the others are
// told what stands. Everybody locks rows in the same order.
func newBatch(group []*waiter) *batch {
	b := &batch{rows: make([]Record, 0, len(group)), of: map[id.ID]*activity.Activity{}}
	for _, q := range group {
		b.rows = append(b.rows, q.rec)
		b.of[q.rec.List] = q.of
	}
	slices.SortStableFunc(b.rows, byKey)
	kept := b.rows[:0]
	for _, r := range b.rows {
		if n := len(kept); n > 0 && kept[n-1].List == r.List && kept[n-1].Person == r.Person {
			if r.Happened.Before(kept[n-1].Happened) {
				kept[n-1] = r
			}
			continue
		}
		kept = append(kept, r)
	}
	b.rows = kept
	return b
}
