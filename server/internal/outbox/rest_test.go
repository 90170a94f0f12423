package outbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"bense/server/internal/outbox"
)

// twoWays sends nothing; of what waits while it rests, every other message goes another way.
type twoWays struct {
	outbox.DispatchFunc
	asked []string
	until time.Time
}

func (w *twoWays) Divert(_ context.Context, payloads [][]byte, until time.Time) ([]bool, error) {
	out := make([]bool, len(payloads))
	for i, p := range payloads {
		w.asked, w.until = append(w.asked, string(p)), until
		out[i] = len(w.asked)%2 == 1
	}
	return out, nil
}

func (h *house) numbered(n int) {
	for i := range n {
		h.enqueue(outbox.Message{Channel: "a", DedupeKey: fmt.Sprint(i), Payload: i})
	}
}

// While a quota is used up, what waits is asked once whether it has another way, and spends no attempt.
func TestALongRestLetsMessagesGoAnotherWay(t *testing.T) {
	h := newHouse(t)
	h.numbered(5)
	night := start.Add(9 * time.Hour)
	calls := 0
	d := &twoWays{DispatchFunc: func(context.Context, []byte) (bool, error) {
		if calls++; calls == 1 {
			return false, outbox.Rests(night) // the first one has found its way
		}
		return false, nil
	}}
	w := outbox.NewWorker(h.box, nil, map[string]outbox.Dispatcher{"a": d}, outbox.Options{Concurrency: 1, MaxAttempts: 1})
	h.run(w)
	h.run(w)
	if calls != 1 || len(d.asked) != 4 || !d.until.Equal(night) {
		t.Errorf("%d calls, asked about %v until %s", calls, d.asked, d.until)
	}
	h.want(map[outbox.State]int64{outbox.Done: 3, outbox.Waiting: 2})
	h.clk.Set(night)
	h.run(w)
	h.want(map[outbox.State]int64{outbox.Done: 5})
	if calls != 3 || len(d.asked) != 4 {
		t.Errorf("%d calls, asked about %v", calls, d.asked)
	}
}

// A hiccup moves nobody; a breaker that stays open does.
func TestAHiccupMovesNobody(t *testing.T) {
	h := newHouse(t)
	h.numbered(3)
	d := &twoWays{DispatchFunc: func(context.Context, []byte) (bool, error) { return true, outbox.Outage(errDown, time.Time{}) }}
	w := outbox.NewWorker(h.box, nil, map[string]outbox.Dispatcher{"a": d},
		outbox.Options{Concurrency: 1, BreakAfter: 1, BreakFor: time.Minute, LongestRest: 5 * time.Minute})
	h.run(w)
	if len(d.asked) != 0 {
		t.Errorf("moved after a minute: %v", d.asked)
	}
	for range 4 {
		h.clk.Advance(5 * time.Minute)
		h.run(w)
	}
	if len(d.asked) < 2 {
		t.Errorf("nobody was asked: %v", d.asked)
	}
}

// A rest is told to whoever asks the database, and outlasts the process.
func TestARestIsKnownToOthers(t *testing.T) {
	h := newHouse(t)
	h.numbered(2)
	up, calls := false, 0
	morning := start.Add(9 * time.Hour)
	send := func(context.Context, []byte) (bool, error) {
		if calls++; !up {
			return true, outbox.Outage(outbox.NotBefore(errDown, morning), morning)
		}
		return false, nil
	}
	h.run(h.worker(send, outbox.Options{Concurrency: 1}))
	told, err := h.box.Resting(t.Context())
	if err != nil || !told["a"].Until.Equal(morning) || !told["a"].Since.Equal(start) {
		t.Errorf("%v %v", told, err)
	}
	next := h.worker(send, outbox.Options{Concurrency: 1})
	h.run(next)
	if calls != 1 {
		t.Errorf("%d calls: the new process has forgotten", calls)
	}
	up = true
	h.clk.Set(morning)
	h.run(next)
	if told, err := h.box.Resting(t.Context()); err != nil || len(told) != 0 || calls != 3 {
		t.Errorf("%v %v after %d calls", told, err, calls)
	}
}

func TestFiguresOfTheQueues(t *testing.T) {
	h := newHouse(t)
	h.numbered(3)
	later := outbox.Message{Channel: "a", DedupeKey: "later", RunAt: start.Add(time.Hour)}
	h.enqueue(later)
	morning, calls := start.Add(9*time.Hour), 0
	w := h.worker(func(context.Context, []byte) (bool, error) {
		if calls++; calls == 1 {
			return false, errDown // given up
		}
		return true, outbox.Outage(outbox.NotBefore(errDown, morning), morning)
	}, outbox.Options{Concurrency: 1})
	h.run(w)
	h.clk.Advance(time.Minute)
	r := prometheus.NewRegistry()
	w.Register(r)
	want := map[string]float64{
		"bense_outbox_attempts_total a dead": 1, "bense_outbox_attempts_total a waiting": 1,
		"bense_outbox_overdue_seconds a": 60, "bense_outbox_rest_seconds a": (9*time.Hour - time.Minute).Seconds(),
		"bense_outbox_rows a dead": 1, "bense_outbox_rows a leased": 0, "bense_outbox_rows a unknown": 0, "bense_outbox_rows a waiting": 3,
	}
	list, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range list {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, l := range m.Label {
				name += " " + l.GetValue()
			}
			got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
