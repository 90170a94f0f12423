package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options of a Worker; zero fields take the defaults.
type Options struct {
	Concurrency int              // messages of one channel under way at once; 8
	Sends       int              // the same of a Courier's channel, which waits for the platform only; 512
	Poll        time.Duration    // how often to look without being woken; 500 ms
	Lease       time.Duration    // how long a worker may hold a row; 2 min
	Timeout     time.Duration    // of one dispatch; 15 s, at most a third of Lease
	MaxAttempts int              // then dead; 120, which is more than a day of WeChat being down
	FirstWait   time.Duration    // back-off after the first failure; 2 s
	LongestWait time.Duration    // 15 min
	Limits      map[string]Limit // of the platforms, by channel
	BreakAfter  int              // outages in a row that open a channel's breaker; 5
	BreakFor    time.Duration    // how long it stays open at first; 5 s
	LongestRest time.Duration    // 5 min
}

func (o Options) withDefaults() Options {
	set := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	number := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.Poll, 500*time.Millisecond)
	set(&o.Lease, 2*time.Minute)
	set(&o.Timeout, 15*time.Second)
	set(&o.FirstWait, 2*time.Second)
	set(&o.LongestWait, 15*time.Minute)
	set(&o.BreakFor, 5*time.Second)
	set(&o.LongestRest, 5*time.Minute)
	o.Timeout = min(o.Timeout, o.Lease/3)
	number(&o.Concurrency, 8)
	number(&o.Sends, 512)
	number(&o.MaxAttempts, 120)
	number(&o.BreakAfter, 5)
	return o
}

// Worker leases due rows and hands them to dispatchers. Any number of workers, in any number of
// processes, may run on one database. It takes only the channels that it knows. Rates and breakers are
// those of one process.
type Worker struct {
	box      *Outbox
	log      *slog.Logger
	lanes    map[string]*lane
	channels []string
	opt      Options
	name     string
	leases   atomic.Int64
	begun    sync.Once
	ended    *prometheus.CounterVec
}

// NewWorker makes a worker for the channels of dispatchers.
func NewWorker(o *Outbox, log *slog.Logger, dispatchers map[string]Dispatcher, opt Options) *Worker {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &Worker{
		box: o, log: log, lanes: map[string]*lane{}, channels: slices.Sorted(maps.Keys(dispatchers)),
		opt: opt.withDefaults(), name: o.ids.New().String(), ended: newEnded(),
	}
	for channel, d := range dispatchers {
		w.lanes[channel] = newLane(w, channel, d)
	}
	return w
}

// Resting gives the channels whose breaker is open, and until when nothing of them is tried.
func (w *Worker) Resting() map[string]time.Time {
	out := map[string]time.Time{}
	for channel, l := range w.lanes {
		if _, until := l.gate.open(); !until.IsZero() {
			out[channel] = until
		}
	}
	return out
}

// Run works until ctx ends; then it takes nothing new, finishes what is under way, gives back what it
// had leased but not begun, and returns. Trouble with the database is logged and outlasted.
func (w *Worker) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	defer func() {
		for _, l := range w.lanes {
			l.wait()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.box.wake:
		case <-timer.C:
		}
		due, err := w.look(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "outbox worker", "error", err)
		}
		for _, channel := range due {
			w.lanes[channel].start(ctx)
		}
		timer.Reset(w.opt.Poll)
	}
}

// look puts back what was left behind and gives the channels that have something to send.
func (w *Worker) look(ctx context.Context) ([]string, error) {
	if len(w.channels) == 0 {
		return nil, nil
	}
	w.begun.Do(func() { w.remember(ctx) })
	if err := w.sweep(ctx); err != nil {
		return nil, err
	}
	return w.box.due(ctx, w.channels, w.box.clk.Now())
}

// RunOnce sends everything that is due and may go, also what becomes due meanwhile, and tells how many
// attempts it made.
func (w *Worker) RunOnce(ctx context.Context) (int, error) {
	var total int
	for ctx.Err() == nil {
		due, err := w.look(ctx)
		if err != nil {
			return total, err
		}
		var (
			wg    sync.WaitGroup
			tried atomic.Int64
			fault atomic.Pointer[error]
		)
		for _, channel := range due {
			wg.Go(func() {
				l := w.lanes[channel]
				n, err := l.pass(ctx, false)
				l.busy.Wait()
				tried.Add(int64(n))
				if err != nil {
					fault.Store(&err)
				}
			})
		}
		wg.Wait()
		total += int(tried.Load())
		if err := fault.Load(); err != nil {
			return total, *err
		}
		if tried.Load() == 0 {
			return total, nil // nothing is due, may go, or belongs to nobody else
		}
	}
	return total, ctx.Err()
}

// judge says what becomes of a row after an attempt; bury, that it is given up for good.
func (w *Worker) judge(ctx context.Context, r row, retryable bool, failure error) (out outcome, bury bool) {
	var at *notBefore
	switch {
	case failure == nil, errors.Is(failure, errDealt):
		return outcome{state: Done}, false
	case errors.Is(failure, ErrUnknown):
		w.log.WarnContext(ctx, "outbox message may have gone out", "channel", r.Channel, "id", r.ID)
		return outcome{state: Unknown, code: code(failure)}, false
	case !retryable:
		w.log.WarnContext(ctx, "outbox message failed", "channel", r.Channel, "id", r.ID, "error", failure)
		return outcome{state: Dead, code: code(failure)}, false
	case r.Attempts >= w.opt.MaxAttempts:
		return outcome{state: Dead, code: code(failure)}, true
	}
	next := w.box.clk.Now().Add(backoff(r.Attempts, w.opt.FirstWait, w.opt.LongestWait))
	if errors.As(failure, &at) && at.at.After(next) {
		next = at.at
	}
	w.log.InfoContext(ctx, "outbox message waits for another attempt", "channel", r.Channel, "id", r.ID,
		"attempts", r.Attempts, "code", code(failure))
	return outcome{state: Waiting, runAt: next, code: code(failure)}, false
}

// settle marks rows and complains about those that another worker has taken over.
func (w *Worker) settle(ctx context.Context, list []settled) error {
	mine, err := w.box.settle(ctx, list)
	if err == nil && mine < len(list) {
		w.log.WarnContext(ctx, "outbox leases were lost before the mark", "channel", list[0].Channel, "rows", len(list)-mine)
	}
	return err
}

// divert marks rows of a resting channel: done are those that have another way.
func (w *Worker) divert(ctx context.Context, d Diverter, rows []row, until time.Time) error {
	payloads := make([][]byte, len(rows))
	for i, r := range rows {
		payloads[i] = []byte(r.Payload)
	}
	return w.box.db.Tx(ctx, func(ctx context.Context) error {
		gone, err := d.Divert(ctx, payloads, until)
		if err != nil {
			return err
		}
		list := make([]settled, len(rows))
		for i, r := range rows {
			list[i] = settled{r, outcome{state: Waiting, runAt: until, code: r.LastCode, back: true}}
			if gone[i] {
				list[i].outcome = outcome{state: Done, code: r.LastCode, back: true}
			}
		}
		return w.settle(ctx, list)
	})
}

// bury gives a message up and lets its dispatcher draw the conclusion in the same transaction.
func (w *Worker) bury(ctx context.Context, r row, why string) error {
	w.log.ErrorContext(ctx, "outbox message given up", "channel", r.Channel, "id", r.ID, "attempts", r.Attempts, "code", why)
	return w.box.db.Tx(ctx, func(ctx context.Context) error {
		mine, err := w.box.settle(ctx, []settled{{r, outcome{state: Dead, code: why}}})
		if err != nil || mine == 0 {
			return err
		}
		if u, ok := w.lanes[r.Channel].to.(Undertaker); ok {
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
	var back []settled
	for _, r := range rows {
		w.log.WarnContext(ctx, "outbox lease expired", "channel", r.Channel, "id", r.ID, "attempts", r.Attempts)
		if r.Attempts < w.opt.MaxAttempts {
			back = append(back, settled{r, outcome{state: Waiting, runAt: w.box.clk.Now(), code: "lease_expired"}})
		} else if err := w.bury(ctx, r, "lease_expired"); err != nil {
			return err
		}
	}
	if len(back) == 0 {
		return nil
	}
	_, err = w.box.settle(ctx, back) // another worker may sweep as well
	return err
}

// lease takes rows of a channel under a name of their own: a late mark of an earlier lease of this very
// worker must not pass for one of the present lease.
func (w *Worker) lease(ctx context.Context, channel string, n int) ([]row, error) {
	now := w.box.clk.Now()
	by := fmt.Sprintf("%s-%d", w.name, w.leases.Add(1))
	return w.box.lease(ctx, channel, n, by, now, now.Add(w.opt.Lease))
}
