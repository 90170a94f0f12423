package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bense/server/internal/errs"
)

// Options of a Worker; zero fields take the defaults.
type Options struct {
	Concurrency int           // messages under way at once; 8
	Poll        time.Duration // how often to look without being woken; 500 ms
	Lease       time.Duration // how long a worker may hold a row; 2 min
	Timeout     time.Duration // of one dispatch; 15 s, at most a third of Lease
	MaxAttempts int           // then dead; 120, which is more than a day of WeChat being down
	FirstWait   time.Duration // back-off after the first failure; 2 s
	LongestWait time.Duration // 15 min
}

func (o Options) withDefaults() Options {
	set := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.Poll, 500*time.Millisecond)
	set(&o.Lease, 2*time.Minute)
	set(&o.Timeout, 15*time.Second)
	set(&o.FirstWait, 2*time.Second)
	set(&o.LongestWait, 15*time.Minute)
	o.Timeout = min(o.Timeout, o.Lease/3)
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = 120
	}
	return o
}

// batchPerSlot is how many rows are leased per goroutine at once.
const batchPerSlot = 4

// Worker leases due rows and hands them to dispatchers. Any number of workers, in any number of
// processes, may run on one database. It takes only the channels that it knows.
type Worker struct {
	box         *Outbox
	log         *slog.Logger
	dispatchers map[string]Dispatcher
	channels    []string
	opt         Options
	name        string
	leases      atomic.Int64
}

// NewWorker makes a worker for the channels of dispatchers.
func NewWorker(o *Outbox, log *slog.Logger, dispatchers map[string]Dispatcher, opt Options) *Worker {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Worker{
		box: o, log: log, dispatchers: dispatchers, channels: slices.Sorted(maps.Keys(dispatchers)),
		opt: opt.withDefaults(), name: o.ids.New().String(),
	}
}

// Run works until ctx ends; then it takes nothing new, finishes what is under way, gives back what it
// had leased but not begun, and returns. Trouble with the database is logged and outlasted.
func (w *Worker) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.box.wake:
		case <-timer.C:
		}
		if _, err := w.RunOnce(ctx); err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "outbox worker", "error", err)
		}
		timer.Reset(w.opt.Poll)
	}
}

// RunOnce sends everything that is due, also what becomes due meanwhile, and tells how many attempts
// it made.
func (w *Worker) RunOnce(ctx context.Context) (int, error) {
	if len(w.channels) == 0 {
		return 0, nil
	}
	if err := w.sweep(ctx); err != nil {
		return 0, err
	}
	var total int
	for ctx.Err() == nil {
		now := w.box.clk.Now()
		due, err := w.box.due(ctx, w.channels, now)
		if err != nil || !due {
			return total, err
		}
		by := fmt.Sprintf("%s-%d", w.name, w.leases.Add(1))
		rows, err := w.box.lease(ctx, w.channels, w.opt.Concurrency*batchPerSlot, by, now, now.Add(w.opt.Lease))
		if err != nil || len(rows) == 0 {
			return total, err // rows that are due but locked belong to another worker
		}
		n, err := w.work(ctx, rows)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, ctx.Err()
}

// work dispatches leased rows on the worker's goroutines.
func (w *Worker) work(ctx context.Context, rows []row) (int, error) {
	var (
		wg    sync.WaitGroup
		n     atomic.Int64
		mu    sync.Mutex
		fault error
	)
	todo := make(chan row, len(rows))
	for _, r := range rows {
		todo <- r
	}
	close(todo)
	for range min(w.opt.Concurrency, len(rows)) {
		wg.Go(func() {
			for r := range todo {
				tried, err := w.one(ctx, r)
				if tried {
					n.Add(1)
				}
				if err != nil {
					mu.Lock()
					fault = err
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return int(n.Load()), fault
}

// one sends a message, unless the worker is to stop or its lease would not outlast the attempt.
func (w *Worker) one(ctx context.Context, r row) (tried bool, err error) {
	now := w.box.clk.Now()
	// what has begun is finished and marked also while the worker stops
	live := context.WithoutCancel(ctx)
	if ctx.Err() != nil || now.Add(w.opt.Timeout).After(r.LeaseUntil.Std()) {
		_, err := w.box.settle(live, r, outcome{state: Waiting, runAt: now, code: r.LastCode, back: true})
		return false, err
	}
	limited, cancel := context.WithTimeout(live, w.opt.Timeout)
	defer cancel()
	retryable, failure := w.dispatch(limited, r)
	return true, w.conclude(live, r, retryable, failure)
}

var errPanicked = errs.New(errs.Internal, "outbox.panicked", "发送时程序出错")

// dispatch turns a panic into a failure: in a goroutine it would end the process, again and again.
func (w *Worker) dispatch(ctx context.Context, r row) (retryable bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.ErrorContext(ctx, "outbox dispatcher panicked", "channel", r.Channel, "id", r.ID,
				"type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			retryable, err = true, errPanicked
		}
	}()
	return w.dispatchers[r.Channel].Dispatch(ctx, []byte(r.Payload))
}

// conclude marks the row. A mark that cannot be written leaves the lease to expire.
func (w *Worker) conclude(ctx context.Context, r row, retryable bool, failure error) error {
	var at *notBefore
	switch {
	case failure == nil:
		return w.settle(ctx, r, outcome{state: Done})
	case errors.Is(failure, ErrUnknown):
		w.log.WarnContext(ctx, "outbox message may have gone out", "channel", r.Channel, "id", r.ID)
		return w.settle(ctx, r, outcome{state: Unknown, code: code(failure)})
	case !retryable:
		w.log.WarnContext(ctx, "outbox message failed", "channel", r.Channel, "id", r.ID, "error", failure)
		return w.settle(ctx, r, outcome{state: Dead, code: code(failure)})
	case r.Attempts >= w.opt.MaxAttempts:
		return w.bury(ctx, r, code(failure))
	}
	next := w.box.clk.Now().Add(backoff(r.Attempts, w.opt.FirstWait, w.opt.LongestWait))
	if errors.As(failure, &at) && at.at.After(next) {
		next = at.at
	}
	w.log.InfoContext(ctx, "outbox message waits for another attempt", "channel", r.Channel, "id", r.ID,
		"attempts", r.Attempts, "code", code(failure))
	return w.settle(ctx, r, outcome{state: Waiting, runAt: next, code: code(failure)})
}

func (w *Worker) settle(ctx context.Context, r row, out outcome) error {
	mine, err := w.box.settle(ctx, r, out)
	if err == nil && !mine {
		w.log.WarnContext(ctx, "outbox lease was lost before the mark", "channel", r.Channel, "id", r.ID)
	}
	return err
}

// bury gives a message up and lets its dispatcher draw the conclusion in the same transaction.
func (w *Worker) bury(ctx context.Context, r row, why string) error {
	w.log.ErrorContext(ctx, "outbox message given up", "channel", r.Channel, "id", r.ID, "attempts", r.Attempts, "code", why)
	return w.box.db.Tx(ctx, func(ctx context.Context) error {
		mine, err := w.box.settle(ctx, r, outcome{state: Dead, code: why})
		if err != nil || !mine {
			return err
		}
		if u, ok := w.dispatchers[r.Channel].(Undertaker); ok {
			return u.Dead(ctx, []byte(r.Payload), why)
		}
		return nil
	})
}

// sweep puts rows with expired leases back into the queue.
func (w *Worker) sweep(ctx context.Context) error {
	rows, err := w.box.expired(ctx, w.channels, w.box.clk.Now())
	if err != nil {
		return err
	}
	for _, r := range rows {
		w.log.WarnContext(ctx, "outbox lease expired", "channel", r.Channel, "id", r.ID, "attempts", r.Attempts)
		if r.Attempts >= w.opt.MaxAttempts {
			err = w.bury(ctx, r, "lease_expired")
		} else {
			_, err = w.box.settle(ctx, r, outcome{state: Waiting, runAt: w.box.clk.Now(), code: "lease_expired"})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
