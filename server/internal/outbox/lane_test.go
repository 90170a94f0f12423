package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/outbox"
)

var errDown = errors.New("nobody answers")

func b(key string) outbox.Message { return outbox.Message{Channel: "b", DedupeKey: "b" + key} }

// With a dozen messages waiting, a channel that is away is called a few times and then now and again, and
// what waits spends no attempts.
func TestABrokenChannelRests(t *testing.T) {
	h := newHouse(t)
	for i := range 12 {
		h.enqueue(a(fmt.Sprint(i)))
	}
	var calls atomic.Int32
	var up atomic.Bool
	w := h.worker(func(context.Context, []byte) (bool, error) {
		if calls.Add(1); up.Load() {
			return false, nil
		}
		return true, outbox.Outage(errDown, time.Time{})
	}, outbox.Options{Concurrency: 1, BreakAfter: 3, BreakFor: time.Minute, MaxAttempts: 2, FirstWait: time.Second})
	h.run(w)
	if calls.Load() != 3 {
		t.Errorf("%d calls before the breaker opened", calls.Load())
	}
	if until := w.Resting()["a"]; !until.After(start) {
		t.Errorf("rests until %s", until)
	}
	h.run(w)
	if calls.Load() != 3 {
		t.Errorf("%d calls while it was open", calls.Load())
	}
	for range 3 { // each probe is one call
		h.clk.Advance(10 * time.Minute)
		before := calls.Load()
		h.run(w)
		if got := calls.Load() - before; got != 1 {
			t.Errorf("a probe made %d calls", got)
		}
	}
	up.Store(true)
	h.clk.Advance(10 * time.Minute)
	h.run(w)
	if len(w.Resting()) != 0 {
		t.Error("still rests")
	}
	states, err := h.box.Counts(t.Context())
	if err != nil || states[outbox.Done]+states[outbox.Dead] != 12 || states[outbox.Done] < 9 {
		t.Errorf("%v, %v", states, err)
	}
}

// A quota that is used up closes the channel for everybody at once, until it begins anew.
func TestAUsedUpQuotaRestsTheChannel(t *testing.T) {
	h := newHouse(t)
	h.enqueue(a("1"), a("2"), a("3"))
	calls := 0
	morning := start.Add(9 * time.Hour)
	w := h.worker(func(context.Context, []byte) (bool, error) {
		if calls++; h.clk.Now().Before(morning) {
			return true, outbox.Outage(outbox.NotBefore(errDown, morning), morning)
		}
		return false, nil
	}, outbox.Options{Concurrency: 1})
	for range 9 {
		h.run(w)
		h.clk.Advance(time.Hour)
	}
	if calls != 1 {
		t.Errorf("%d calls for a quota that is used up", calls)
	}
	h.run(w)
	h.want(map[outbox.State]int64{outbox.Done: 3})
}

// A channel whose answers do not come holds up nobody else.
func TestASlowChannelHoldsUpNobody(t *testing.T) {
	h := newHouse(t)
	for i := range 30 {
		h.enqueue(a(fmt.Sprint(i)), b(fmt.Sprint(i)))
	}
	hang, sent := make(chan struct{}), make(chan struct{}, 30)
	w := outbox.NewWorker(h.box, nil, map[string]outbox.Dispatcher{
		"a": outbox.DispatchFunc(func(context.Context, []byte) (bool, error) { <-hang; return false, nil }),
		"b": outbox.DispatchFunc(func(context.Context, []byte) (bool, error) { sent <- struct{}{}; return false, nil }),
	}, outbox.Options{Concurrency: 2, Poll: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- w.Run(ctx) }()
	for range 30 {
		<-sent
	}
	cancel()
	close(hang)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
}

// post is a courier whose steps can be watched and spoilt.
type post struct {
	mu       sync.Mutex
	begun    int   // batches
	badBegin error // of batches of more than one
	badMark  error // of groups of more than one
	sent     map[string]int
	recorded map[string]int
	answer   func(payload string) (bool, error)
}

func newPost() *post { return &post{sent: map[string]int{}, recorded: map[string]int{}} }

func (p *post) Dispatch(ctx context.Context, payload []byte) (bool, error) {
	l := outbox.Letter{Content: string(payload)}
	p.Send(ctx, &l)
	return l.Retry, l.Err
}

func (p *post) Begin(_ context.Context, payloads [][]byte) ([]outbox.Letter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun++
	if len(payloads) > 1 && p.badBegin != nil {
		return nil, p.badBegin
	}
	out := make([]outbox.Letter, len(payloads))
	for i := range out {
		out[i] = outbox.Letter{Content: string(payloads[i]), Skip: string(payloads[i]) == `{"k":"skip"}`}
	}
	return out, nil
}

func (p *post) Send(_ context.Context, l *outbox.Letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[l.Content.(string)]++
	if p.answer != nil {
		l.Retry, l.Err = p.answer(l.Content.(string))
	}
}

func (p *post) Record(_ context.Context, letters []*outbox.Letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(letters) > 1 && p.badMark != nil {
		return p.badMark
	}
	for _, l := range letters {
		p.recorded[l.Content.(string)]++
	}
	return nil
}

func (h *house) courier(p *post, o outbox.Options) *outbox.Worker {
	return outbox.NewWorker(h.box, nil, map[string]outbox.Dispatcher{"a": p}, o)
}

func TestACourierTakesManyAtOnce(t *testing.T) {
	h, p := newHouse(t), newPost()
	for i := range 500 {
		h.enqueue(a(fmt.Sprint(i)))
	}
	h.enqueue(a("skip"))
	h.run(h.courier(p, outbox.Options{}))
	h.want(map[outbox.State]int64{outbox.Done: 501})
	if p.begun > 100 {
		t.Errorf("%d batches", p.begun)
	}
	if len(p.sent) != 500 || !maps.Equal(p.sent, p.recorded) {
		t.Errorf("%d sent, %d recorded", len(p.sent), len(p.recorded))
	}
}

// A platform that takes everything and answers nothing makes few messages uncertain.
func TestAHangCostsFewMessages(t *testing.T) {
	h, p := newHouse(t), newPost()
	p.answer = func(string) (bool, error) { return false, outbox.Outage(outbox.ErrUnknown, time.Time{}) }
	for i := range 500 {
		h.enqueue(a(fmt.Sprint(i)))
	}
	h.run(h.courier(p, outbox.Options{}))
	states, err := h.box.Counts(t.Context())
	if err != nil || states[outbox.Unknown] > 20 || states[outbox.Waiting] != 500-states[outbox.Unknown] {
		t.Errorf("%v, %v", states, err)
	}
}

func TestABatchThatCannotBeginIsSentOneByOne(t *testing.T) {
	h, p := newHouse(t), newPost()
	p.badBegin = errors.New("one of them is bad")
	p.answer = func(payload string) (bool, error) {
		if payload == `{"k":"7"}` {
			return false, errors.New("the bad one")
		}
		return false, nil
	}
	for i := range 20 {
		h.enqueue(a(fmt.Sprint(i)))
	}
	h.run(h.courier(p, outbox.Options{}))
	h.want(map[outbox.State]int64{outbox.Done: 19, outbox.Dead: 1})
}

func TestAGroupThatCannotBeMarkedIsTakenApart(t *testing.T) {
	h, p := newHouse(t), newPost()
	p.badMark = errors.New("not together")
	for i := range 20 {
		h.enqueue(a(fmt.Sprint(i)))
	}
	h.run(h.courier(p, outbox.Options{}))
	h.want(map[outbox.State]int64{outbox.Done: 20})
	for payload, n := range p.sent {
		if n != 1 || p.recorded[payload] != 1 {
			t.Errorf("%s: %d sent, %d recorded", payload, n, p.recorded[payload])
		}
	}
}

func TestAPanicInTheCallIsOneMessagesOwn(t *testing.T) {
	h, p := newHouse(t), newPost()
	p.answer = func(payload string) (bool, error) {
		if payload == `{"k":"7"}` {
			panic("19900000001")
		}
		return false, nil
	}
	for i := range 20 {
		h.enqueue(a(fmt.Sprint(i)))
	}
	h.run(h.courier(p, outbox.Options{}))
	h.want(map[outbox.State]int64{outbox.Done: 19, outbox.Waiting: 1})
	if p.recorded[`{"k":"7"}`] != 0 {
		t.Error("recorded what has panicked")
	}
}

// What is at its end begins anew when somebody says so, and what is under way does not.
func TestAgain(t *testing.T) {
	h := newHouse(t)
	h.enqueue(a("dead"), a("unknown"), a("done"), a("waiting"))
	w := h.worker(func(_ context.Context, payload []byte) (bool, error) {
		switch string(payload) {
		case `{"k":"dead"}`:
			return false, errDown
		case `{"k":"unknown"}`:
			return false, outbox.ErrUnknown
		case `{"k":"waiting"}`:
			return true, outbox.NotBefore(errDown, start.Add(24*time.Hour))
		}
		return false, nil
	}, outbox.Options{})
	h.run(w)
	keys := []string{"dead", "unknown", "done", "waiting", "nobody's"}
	if _, err := h.box.Again(t.Context(), keys); err == nil {
		t.Error("without a transaction")
	}
	err := h.db.Tx(t.Context(), func(ctx context.Context) error {
		n, err := h.box.Again(ctx, keys)
		if n != 3 {
			t.Errorf("%d again", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.want(map[outbox.State]int64{outbox.Waiting: 4})
	if n := h.run(w); n != 3 {
		t.Errorf("%d tried again", n)
	}
	fates, err := h.box.Fates(t.Context(), keys)
	if err != nil || len(fates) != 4 || fates["unknown"].State != outbox.Unknown || fates["dead"].Attempts != 1 || fates["dead"].Code != "error" {
		t.Errorf("%+v, %v", fates, err)
	}
	left, err := h.box.Leftovers(t.Context())
	if err != nil || len(left) != 2 || left[0] != (outbox.Leftover{Channel: "a", State: outbox.Dead, Code: "error", Rows: 1}) || left[1].State != outbox.Unknown {
		t.Errorf("%+v, %v", left, err)
	}
	err = h.db.Tx(t.Context(), func(ctx context.Context) error {
		if n, err := h.box.AgainIn(ctx, "a"); err != nil || n != 1 {
			t.Errorf("%d again, %v", n, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
