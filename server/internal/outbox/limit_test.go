package outbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bense/server/internal/outbox"
)

func TestParseLimits(t *testing.T) {
	got, err := outbox.ParseLimits("robot=20/m, push=300/s")
	if err != nil || got["robot"] != (outbox.Limit{N: 20, Per: time.Minute}) || got["push"] != (outbox.Limit{N: 300, Per: time.Second}) {
		t.Error(got, err)
	}
	if got, err := outbox.ParseLimits(""); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	for _, bad := range []string{"robot", "robot=20", "robot=20/x", "robot=x/m", "=20/m", "robot=0/m", "robot=-1/m"} {
		if _, err := outbox.ParseLimits(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// No stretch of a minute, wherever it begins, sees more than the platform allows, and the rate is used.
func TestARateHoldsInEveryStretch(t *testing.T) {
	for _, n := range []int{1, 3, 20} {
		h := newHouse(t)
		var ms []outbox.Message
		for i := range 4 * n {
			ms = append(ms, a(fmt.Sprint(i)))
		}
		h.enqueue(ms...)
		var sent []time.Time
		w := h.worker(func(context.Context, []byte) (bool, error) {
			sent = append(sent, h.clk.Now())
			return false, nil
		}, outbox.Options{Concurrency: 1, Limits: map[string]outbox.Limit{"a": {N: n, Per: time.Minute}}})
		for len(sent) < len(ms) {
			if h.clk.Now().Sub(start) > time.Hour {
				t.Fatalf("%d a minute: %d of %d within an hour", n, len(sent), len(ms))
			}
			h.run(w)
			h.clk.Advance(time.Second)
		}
		for i := range sent {
			if i+n < len(sent) && sent[i+n].Sub(sent[i]) < time.Minute {
				t.Errorf("%d a minute: %d within %s", n, n+1, sent[i+n].Sub(sent[i]))
			}
		}
		if took := sent[len(sent)-1].Sub(start); took > 6*time.Minute {
			t.Errorf("%d a minute: four minutes' worth took %s", n, took)
		}
	}
}
