package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var start = time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)

type house struct {
	t   *testing.T
	db  *db.DB
	clk *clock.Fake
	ids *id.Source
	box *outbox.Outbox
}

func newHouse(t *testing.T) *house {
	t.Helper()
	d, clk := testdb.Shared(t), clock.NewFake(start)
	for _, table := range []string{"outbox", "outbox_rests"} {
		if _, err := d.SQL().ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	ids := id.NewSource(1, clk.Now)
	return &house{t: t, db: d, clk: clk, ids: ids, box: outbox.New(d, ids, clk)}
}

func (h *house) enqueue(ms ...outbox.Message) (n int) {
	h.t.Helper()
	err := h.db.Tx(h.t.Context(), func(ctx context.Context) (err error) {
		n, err = h.box.EnqueueMany(ctx, ms)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *house) worker(f outbox.DispatchFunc, o outbox.Options) *outbox.Worker {
	return outbox.NewWorker(h.box, nil, map[string]outbox.Dispatcher{"a": f}, o)
}

func (h *house) run(w *outbox.Worker) int {
	h.t.Helper()
	n, err := w.RunOnce(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *house) want(states map[outbox.State]int64) {
	h.t.Helper()
	got, err := h.box.Counts(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	if d := cmp.Diff(states, got); d != "" {
		h.t.Fatal(d)
	}
}

func a(key string) outbox.Message {
	return outbox.Message{Channel: "a", DedupeKey: key, Payload: map[string]string{"k": key}}
}

func TestEnqueueJoinsTheTransaction(t *testing.T) {
	h := newHouse(t)
	if err := h.box.Enqueue(t.Context(), a("1")); err == nil {
		t.Error("a message without a transaction was taken")
	}
	fault := errors.New("the change failed")
	err := h.db.Tx(t.Context(), func(ctx context.Context) error {
		if err := h.box.Enqueue(ctx, a("1")); err != nil {
			return err
		}
		return fault
	})
	if !errors.Is(err, fault) {
		t.Fatal(err)
	}
	h.want(map[outbox.State]int64{})
	if n := h.enqueue(a("1"), a("2")); n != 2 {
		t.Errorf("%d new", n)
	}
	if n := h.enqueue(a("2"), a("3")); n != 1 {
		t.Errorf("%d new beside one that was there", n)
	}
	h.want(map[outbox.State]int64{outbox.Waiting: 3})
}

func TestHundredsAtOnce(t *testing.T) {
	h := newHouse(t)
	var ms []outbox.Message
	for i := range 501 {
		ms = append(ms, a(fmt.Sprint(i%500)))
	}
	if n := h.enqueue(ms...); n != 500 {
		t.Fatalf("%d new", n)
	}
}

func TestTwoWorkersSendEachMessageOnce(t *testing.T) {
	h := newHouse(t)
	var ms []outbox.Message
	for i := range 500 {
		ms = append(ms, a(fmt.Sprint(i)))
	}
	h.enqueue(ms...)
	var mu sync.Mutex
	sent := map[string]int{}
	send := func(_ context.Context, payload []byte) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		sent[string(payload)]++
		return false, nil
	}
	var wg sync.WaitGroup
	for range 2 {
		w := h.worker(send, outbox.Options{Concurrency: 4})
		wg.Go(func() {
			for { // a worker that finds all due rows locked by the other stops early
				n, err := w.RunOnce(t.Context())
				if err != nil {
					t.Error(err)
				}
				if n == 0 || err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	h.run(h.worker(send, outbox.Options{}))
	for payload, n := range sent {
		if n != 1 {
			t.Errorf("%s went out %d times", payload, n)
		}
	}
	if len(sent) != 500 {
		t.Errorf("%d went out", len(sent))
	}
	h.want(map[outbox.State]int64{outbox.Done: 500})
}

func TestFailureWaitsLongerEachTimeAndIsGivenUp(t *testing.T) {
	h := newHouse(t)
	h.enqueue(a("1"))
	d := &deadly{}
	w := outbox.NewWorker(h.box, nil, map[string]outbox.Dispatcher{"a": d}, outbox.Options{MaxAttempts: 4, FirstWait: time.Minute})
	for attempt := 1; attempt <= 4; attempt++ {
		if n := h.run(w); n != 1 {
			t.Fatalf("attempt %d: %d tried", attempt, n)
		}
		if n := h.run(w); n != 0 {
			t.Fatalf("attempt %d: tried again at once", attempt)
		}
		h.clk.Advance(time.Minute << (attempt - 1))
	}
	h.want(map[outbox.State]int64{outbox.Dead: 1})
	if d.code != "unavailable" {
		t.Errorf("the dispatcher was told %q", d.code)
	}
}

// deadly fails always and wants to know the end.
type deadly struct{ code string }

func (d *deadly) Dispatch(context.Context, []byte) (bool, error) { return true, errs.ErrUnavailable }

func (d *deadly) Dead(_ context.Context, _ []byte, code string) error {
	d.code = code
	return nil
}

func TestOutcomes(t *testing.T) {
	panics := func(context.Context, []byte) (bool, error) { panic("19900000001") }
	for name, c := range map[string]struct {
		f    outbox.DispatchFunc
		want outbox.State
	}{
		"sent":          {func(context.Context, []byte) (bool, error) { return true, nil }, outbox.Done},
		"will not pass": {func(context.Context, []byte) (bool, error) { return false, errors.New("x") }, outbox.Dead},
		"may pass":      {func(context.Context, []byte) (bool, error) { return true, errors.New("x") }, outbox.Waiting},
		"may have gone": {func(context.Context, []byte) (bool, error) { return true, fmt.Errorf("x: %w", outbox.ErrUnknown) }, outbox.Unknown},
		"panics":        {panics, outbox.Waiting},
		"not before": {func(context.Context, []byte) (bool, error) {
			return true, outbox.NotBefore(errors.New("x"), start.Add(24*time.Hour))
		}, outbox.Waiting},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.enqueue(a("1"))
			w := h.worker(c.f, outbox.Options{})
			h.run(w)
			h.want(map[outbox.State]int64{c.want: 1})
			h.clk.Advance(time.Hour)
			again := h.run(w)
			if wantAgain := name == "may pass" || name == "panics"; (again > 0) != wantAgain {
				t.Errorf("tried again %d times", again)
			}
			if name == "not before" {
				h.clk.Advance(24 * time.Hour)
				if h.run(w) == 0 {
					t.Error("never tried again")
				}
			}
		})
	}
}

// A worker that stalls past its lease loses the row to another one, and its late mark changes nothing.
func TestExpiredLeaseIsTakenOver(t *testing.T) {
	h := newHouse(t)
	h.enqueue(a("1"))
	var calls atomic.Int32
	second := h.worker(func(context.Context, []byte) (bool, error) {
		calls.Add(1)
		return false, nil
	}, outbox.Options{})
	first := h.worker(func(context.Context, []byte) (bool, error) {
		calls.Add(1)
		if n := h.run(second); n != 0 {
			t.Errorf("%d sent under somebody's lease", n)
		}
		h.clk.Advance(3 * time.Minute)
		h.run(second)
		return true, errors.New("too late")
	}, outbox.Options{Concurrency: 1}) // no slot to take the row over by itself
	h.run(first)
	if calls.Load() != 2 {
		t.Errorf("%d calls", calls.Load())
	}
	h.want(map[outbox.State]int64{outbox.Done: 1})
}

// A message that kills its worker each time is given up too.
func TestExpiredLeasesAreCounted(t *testing.T) {
	h := newHouse(t)
	h.enqueue(a("1"))
	opt := outbox.Options{MaxAttempts: 2, Concurrency: 1}
	for range 2 {
		h.run(h.worker(func(context.Context, []byte) (bool, error) {
			h.clk.Advance(3 * time.Minute)
			h.run(h.worker(func(context.Context, []byte) (bool, error) { return true, errors.New("x") }, opt))
			return false, nil
		}, opt))
		h.clk.Advance(time.Hour)
	}
	h.want(map[outbox.State]int64{outbox.Dead: 1})
}

func TestLaterAndForeignRowsStay(t *testing.T) {
	h := newHouse(t)
	later := a("1")
	later.RunAt = start.Add(time.Minute)
	h.enqueue(later, outbox.Message{Channel: "b", DedupeKey: "2"})
	w := h.worker(func(context.Context, []byte) (bool, error) { return false, nil }, outbox.Options{})
	if n := h.run(w); n != 0 {
		t.Fatal(n)
	}
	h.clk.Advance(time.Minute)
	if n := h.run(w); n != 1 {
		t.Fatal(n)
	}
	h.want(map[outbox.State]int64{outbox.Waiting: 1, outbox.Done: 1})
}

func TestRunFinishesWhatHasBegun(t *testing.T) {
	h := newHouse(t)
	begun, finish, over := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	w := h.worker(func(ctx context.Context, _ []byte) (bool, error) {
		begun <- struct{}{}
		<-finish
		return false, ctx.Err()
	}, outbox.Options{Concurrency: 1, Poll: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { over <- w.Run(ctx) }()
	h.enqueue(a("1"), a("2"), a("3"))
	h.box.Wake()
	<-begun
	cancel()
	close(finish)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	h.want(map[outbox.State]int64{outbox.Done: 1, outbox.Waiting: 2})
}

func TestPollFindsRowsOfOthers(t *testing.T) {
	h := newHouse(t)
	sent, over := make(chan struct{}), make(chan error, 1)
	w := h.worker(func(context.Context, []byte) (bool, error) { close(sent); return false, nil }, outbox.Options{Poll: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { over <- w.Run(ctx) }()
	other := outbox.New(h.db, h.ids, h.clk)
	err := h.db.Tx(t.Context(), func(ctx context.Context) error { return other.Enqueue(ctx, a("1")) })
	if err != nil {
		t.Fatal(err)
	}
	<-sent
	cancel()
	if err := <-over; err != nil {
		t.Fatal(err)
	}
}

func TestPruneRemovesOnlyWhatWentOutLongAgo(t *testing.T) {
	h := newHouse(t)
	h.enqueue(a("old"), a("bad"))
	h.run(h.worker(func(_ context.Context, payload []byte) (bool, error) {
		if strings.Contains(string(payload), "bad") {
			return false, errors.New("no")
		}
		return false, nil
	}, outbox.Options{}))
	h.clk.Advance(31 * 24 * time.Hour)
	h.enqueue(a("new"), a("waiting"))
	h.run(h.worker(func(_ context.Context, payload []byte) (bool, error) {
		if strings.Contains(string(payload), "waiting") {
			return true, errors.New("later")
		}
		return false, nil
	}, outbox.Options{}))
	if n, err := h.box.Prune(t.Context(), h.clk.Now().Add(-30*24*time.Hour)); err != nil || n != 1 {
		t.Errorf("%d rows removed, %v", n, err)
	}
	h.want(map[outbox.State]int64{outbox.Dead: 1, outbox.Done: 1, outbox.Waiting: 1})
}
